import HubCore
import Logging
import NIOCore

/// What the methods of MCP answer, whichever transport asked.
struct MCPMethods {
    let server: MCPServer
    let revision: ProtocolRevision
    /// The session of the handshake era that the request belongs to; nil in the modern era.
    var session: SessionToken?

    /// How long a client may use a list it has without asking again. Changes are announced to those that listen; the rest may be
    /// this much behind.
    static let listTimeToLive = 15_000

    /// The reply to a request.
    func reply(to request: MethodRequest) async -> Reply {
        do {
            return .message(try await answer(request))
        } catch let error as JSONRPCError {
            return .error(error)
        } catch {
            request.context.logger.error(
                "a method failed", metadata: ["method": "\(request.envelope.method.prefix(64))", "error": "\(error)"])
            return .error(JSONRPCError(.internalError, "The hub failed to answer", id: request.id))
        }
    }

    private func answer(_ request: MethodRequest) async throws -> ByteBuffer {
        let (id, offer, index) = (request.id, server.offer, server.index)
        switch request.envelope.method {
        case "tools/call": return try await callTool(request)
        case "tools/list": return try listTools(request)
        case "prompts/list" where index.hasPrompts: return try list(index.prompts, request)
        case "prompts/get" where index.hasPrompts: return try await getPrompt(request)
        case "resources/list" where index.hasResources: return try list(index.resources, request)
        case "resources/templates/list" where index.hasResources: return try list(index.templates, request)
        case "resources/read": return try await readResource(request)
        case "completion/complete" where offer.completes: return try await complete(request)
        case "tasks/get" where hasTasks: return try await followTask(.getTask, request)
        case "tasks/update" where hasTasks: return try await followTask(.updateTask, request)
        case "tasks/cancel" where hasTasks: return try await followTask(.cancelTask, request)
        case "server/discover" where revision.isModern: return discover(id: id)
        case "ping" where !revision.isModern: return result(id: id) { _ in }
        case "logging/setLevel" where !revision.isModern && offer.logs: return try setLogLevel(request)
        case "resources/subscribe" where !revision.isModern && offer.tellsOfUpdates: return try await subscribe(request)
        case "resources/unsubscribe" where !revision.isModern && offer.tellsOfUpdates: return try unsubscribe(request)
        default: throw JSONRPCError(.methodNotFound, "There is no such method", id: id)
        }
    }

    /// Whether a method may take its time, so that its client may want to take it back.
    static func takesTime(_ method: String) -> Bool { OriginRequest.Method(rawValue: method) != nil }

    /// A reply as JSON, and the error it carries where it does.
    struct Reply: Sendable {
        let bytes: ByteBuffer
        let error: JSONRPCError.Code?

        static func message(_ bytes: ByteBuffer) -> Reply { Reply(bytes: bytes, error: nil) }
        static func error(_ error: JSONRPCError) -> Reply { Reply(bytes: error.bytes, error: error.code) }
    }

    // MARK: What the server is

    func initialize(id: JSONValue) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCResponse(id: id) { json in
            json.beginObject()
            json.member("protocolVersion", revision.rawValue)
            writeCapabilities(to: &json)
            json.key("serverInfo")
            writeServerInfo(to: &json)
            if let instructions = server.instructions { json.member("instructions", instructions) }
            json.endObject()
        }
        return json.buffer
    }

    private func setLogLevel(_ request: MethodRequest) throws(JSONRPCError) -> ByteBuffer {
        guard let level = request.envelope.params?["level"]?.string.flatMap({ LogLevel(rawValue: $0) }) else {
            throw JSONRPCError(.invalidParams, "The level is none of those of RFC 5424", id: request.id)
        }
        if let session { server.runtime.logLevels.set(level, session: session.id) }
        return result(id: request.id) { _ in }
    }

    private func discover(id: JSONValue) -> ByteBuffer {
        result(id: id) { json in
            json.member("supportedVersions", ProtocolRevision.modern.map(\.rawValue))
            writeCapabilities(to: &json)
            if let instructions = server.instructions { json.member("instructions", instructions) }
            writeCaching(isForAll: true, to: &json)
        }
    }

    /// Tools always: they may come with the next configuration. All else where there is any.
    private func writeCapabilities(to json: inout JSONWriter) {
        func write(_ name: String, members: (inout JSONWriter) -> Void) {
            json.key(name)
            json.beginObject()
            members(&json)
            json.endObject()
        }
        json.key("capabilities")
        json.beginObject()
        write("tools") { $0.member("listChanged", true) }
        if server.index.hasPrompts { write("prompts") { $0.member("listChanged", true) } }
        if server.index.hasResources {
            write("resources") { json in
                if server.offer.tellsOfUpdates { json.member("subscribe", true) }
                json.member("listChanged", true)
            }
        }
        if server.offer.completes, revision >= .v2025_03_26 { write("completions") { _ in } }
        if server.offer.logs { write("logging") { _ in } }
        let extensions = server.offer.extensions.known(to: revision)
        if !extensions.isEmpty {
            json.key("extensions")
            extensions.write(to: &json)
        }
        json.endObject()
    }

    func writeServerInfo(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", server.name)
        if let title = server.title, revision >= .v2025_06_18 { json.member("title", title) }
        json.member("version", server.version)
        json.endObject()
    }
}

/// One request, with all that there is to it.
struct MethodRequest: Sendable {
    let envelope: JSONRPCEnvelope
    let id: JSONValue
    var context: CallContext
    /// The way to the client until the reply.
    var channel = ReplyChannel.closed
}
