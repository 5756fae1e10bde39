import HTTPTypes
import HubCore
import NIOCore

/// Streamable HTTP of 2026-07-28: one POST, one answer; nothing outlives it.
///
/// The order of checks is that of the reference server (`basic/transports/streamable-http`, `basic/index` of the revision):
/// 1. The method is POST. 2. `Accept` takes both types. 3. The body is JSON. 4. No `id`: a notification, taken and dropped.
/// 5. One request object. 6. No routing header twice. 7. `_meta` has its required members. 8. Headers and body agree.
/// 9. The version is served. 10. The method exists.
struct ModernTransport {
    let server: MCPServer

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.head.method == .post else {
            return try await writer.answer(
                .methodNotAllowed, JSONRPCError(.invalidRequest, "Only POST is served here"), fields: [.allow: "POST"])
        }
        let accepted = AcceptedTypes(request)
        guard accepted.json, accepted.eventStream else {
            return try await writer.answer(
                .notAcceptable, JSONRPCError(.invalidRequest, "Accept must take application/json and text/event-stream"))
        }
        let checked: Checked
        do throws(JSONRPCError) {
            checked = try check(request)
        } catch {
            return try await writer.answer(Self.status(of: error.code), error)
        }
        switch checked {
        case .notification:
            try await writer.respond(HTTPResponse(status: .accepted), body: ByteBuffer())
        case .request(let envelope, let id, let revision):
            if envelope.method == "subscriptions/listen" {
                return try await listen(envelope, id: id, viewer: request.principal, writer: writer)
            }
            if let refusal = server.scopeRefusal(of: envelope, from: request.principal, id: id) {
                return try await writer.answer(.forbidden, refusal.error, fields: [.wwwAuthenticate: refusal.challenge])
            }
            let methods = MCPMethods(server: server, revision: revision)
            let stream = ReplyStream(
                writer: writer, accepted: accepted, timers: server.runtime.timers, progressToken: envelope.message.progressToken
            ) { reply in
                reply.error.map(Self.status(of:)) ?? .ok
            }
            try await stream.send { channel in
                await methods.reply(to: MethodRequest(envelope: envelope, id: id, context: request.methodContext, channel: channel))
            }
        }
    }

    // MARK: Checks

    private enum Checked {
        case notification
        case request(JSONRPCEnvelope, id: JSONValue, ProtocolRevision)
    }

    private func check(_ request: InboundRequest) throws(JSONRPCError) -> Checked {
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: request.body, limits: .message)
        } catch {
            throw JSONRPCError(.parseError, "The body is not JSON: \(error)")
        }
        let root = document.root
        let fields = request.head.headerFields
        if root.kind == .object, root["id"] == nil {
            _ = try JSONRPCEnvelope(root)
            _ = try Self.served(fields.value(.mcpProtocolVersion) ?? "", id: nil)
            return .notification
        }
        let envelope = try JSONRPCEnvelope(root)
        guard case .request(let id) = envelope.kind else {
            throw JSONRPCError(.invalidRequest, "The body must be one request or notification", id: root["id"])
        }
        for name in [HTTPField.Name.mcpProtocolVersion, .mcpMethod, .mcpName] where fields.count(where: { $0.name == name }) > 1 {
            throw JSONRPCError(.headerMismatch, "The header \(name.rawName) stands twice", id: id)
        }
        guard let meta = envelope.params?["_meta"], let version = meta[MetaKey.protocolVersion]?.string,
            meta[MetaKey.clientCapabilities]?.kind == .object
        else {
            throw JSONRPCError(
                .invalidParams, "params._meta must have \(MetaKey.protocolVersion) and \(MetaKey.clientCapabilities)", id: id)
        }
        try Self.checkRouting(fields, envelope: envelope, version: version, id: id)
        return .request(envelope, id: id, try Self.served(version, id: id))
    }

    private static func checkRouting(_ fields: HTTPFields, envelope: JSONRPCEnvelope, version: String, id: JSONValue) throws(JSONRPCError) {
        guard fields.value(.mcpProtocolVersion) == version else {
            throw JSONRPCError(.headerMismatch, "The header MCP-Protocol-Version and params._meta differ", id: id)
        }
        guard fields.value(.mcpMethod) == envelope.method else {
            throw JSONRPCError(.headerMismatch, "The header Mcp-Method and the method differ", id: id)
        }
        let member: String
        switch envelope.method {
        case "tools/call", "prompts/get": member = "name"
        case "resources/read": member = "uri"
        case "tasks/get", "tasks/update", "tasks/cancel": member = "taskId"
        default: return
        }
        guard let name = envelope.params?[member]?.string else { return }
        guard fields.value(.mcpName).flatMap(MirroredHeader.decode) == name else {
            throw JSONRPCError(.headerMismatch, "The header Mcp-Name and params.\(member) differ", id: id)
        }
    }

    static func served(_ version: String, id: JSONValue?) throws(JSONRPCError) -> ProtocolRevision {
        if let revision = ProtocolRevision(rawValue: version), revision.isModern { return revision }
        var data = JSONWriter()
        data.beginObject()
        data.key("supported")
        data.beginArray()
        for revision in ProtocolRevision.modern { data.string(revision.rawValue) }
        data.endArray()
        data.member("requested", String(version.prefix(64)))
        data.endObject()
        throw JSONRPCError(.unsupportedProtocolVersion, "Unsupported protocol version", id: id, data: data.buffer)
    }

    static func status(of code: JSONRPCError.Code) -> HTTPResponse.Status {
        switch code {
        case .parseError, .invalidRequest, .invalidParams, .headerMismatch, .missingCapability, .unsupportedProtocolVersion:
            .badRequest
        case .methodNotFound: .notFound
        case .overloaded: .serviceUnavailable
        default: .ok
        }
    }

    // MARK: Subscriptions

    /// `subscriptions/listen`: an acknowledgement of what is watched, then changes, until the client leaves or the hub stops.
    private func listen(_ envelope: JSONRPCEnvelope, id: JSONValue, viewer: Principal, writer: any ResponseWriter) async throws {
        if let refusal = Subscription.refusal(of: envelope, id: id, server: server) {
            return try await writer.answer(Self.status(of: refusal.code), refusal)
        }
        let subscription = Subscription(envelope, id: id, server: server)
        let events = EventStream<ByteBuffer?>()
        let (place, acknowledge) = subscription.open(
            viewer: viewer, send: { events.push($0) }, keepAlive: { events.push(nil) }, end: { events.finish() })
        defer { server.runtime.stopListening(place) }
        try await writer.beginEvents()
        await acknowledge()
        for await event in events.elements {
            if let event { try await writer.send(json: event) } else { try await writer.write(SSEEncoder.keepAlive) }
        }
        try Task.checkCancellation()
        try await writer.send(json: subscription.end)
        try await writer.end()
    }
}
