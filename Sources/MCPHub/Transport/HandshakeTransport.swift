import HTTPTypes
import HubCore
import NIOCore

/// Streamable HTTP of 2025-03-26 … 2025-11-25: a session begins with `initialize`; GET opens a stream for changes; DELETE ends it.
///
/// An HTTP error on a POST ends a handshake client's whole session, so that refusals inside a session are JSON-RPC errors at 200.
struct HandshakeTransport {
    let server: MCPServer
    /// Messages in one batch of 2025-03-26.
    static let maximumBatch = 64

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        switch request.head.method {
        case .post: try await post(request, writer: writer)
        case .get: try await openStream(request, writer: writer)
        case .delete: try await endSession(request, writer: writer)
        default:
            try await writer.answer(
                .methodNotAllowed, JSONRPCError(.invalidRequest, "GET, POST and DELETE are served here"),
                fields: [.allow: "GET, POST, DELETE"])
        }
    }

    // MARK: POST

    private func post(_ request: InboundRequest, writer: any ResponseWriter) async throws {
        let accepted = AcceptedTypes(request)
        guard accepted.json || accepted.eventStream else {
            return try await writer.answer(
                .notAcceptable, JSONRPCError(.invalidRequest, "Accept must take application/json and text/event-stream"))
        }
        let token = request.head.headerFields.value(.mcpSessionID)
        let session = token.flatMap { server.runtime.session($0, entry: server.name, of: request.principal) }
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: request.body, limits: .message)
        } catch {
            let refusal = JSONRPCError(.parseError, "The body is not JSON: \(error)")
            return try await writer.answer(session == nil ? .badRequest : .ok, refusal)
        }
        if document.root.isInitialize {
            return try await initialize(document.root, by: request.principal, writer: writer)
        }
        if let version = document.root[path: "params", "_meta", MetaKey.protocolVersion]?.string,
            version >= ProtocolRevision.v2026_07_28.rawValue
        {
            // A request of the modern era whose header is missing or of the other era (2026-07-28 transports, "Protocol Version Header").
            let refusal = JSONRPCError(
                .headerMismatch, "The header MCP-Protocol-Version and params._meta differ", id: document.root.requestID)
            return try await writer.answer(.badRequest, refusal)
        }
        guard token != nil else {
            let refusal = JSONRPCError(
                .invalidRequest, "The header Mcp-Session-Id is missing: begin with initialize", id: document.root.requestID)
            return try await writer.answer(.badRequest, refusal)
        }
        guard let session else {
            let refusal = JSONRPCError(.invalidRequest, "Session not found", id: document.root.requestID)
            return try await writer.answer(.notFound, refusal)
        }
        try await answer(document.root, session: session, accepted: accepted, request: request, writer: writer)
    }

    private func initialize(_ message: JSONValue, by principal: Principal, writer: any ResponseWriter) async throws {
        let initialized: Result<(reply: ByteBuffer, token: String), JSONRPCError>
        do throws(JSONRPCError) {
            let opening = try HandshakeSession.initialize(message, server: server)
            let session = server.runtime.makeSession(
                entry: server.name, revision: opening.revision, capabilities: opening.capabilities, of: principal)
            guard let token = server.runtime.sealer.seal(session) else {
                throw JSONRPCError(.internalError, "The hub failed to answer", id: message.requestID)
            }
            initialized = .success((opening.reply, token))
        } catch {
            initialized = .failure(error)
        }
        switch initialized {
        case .success(let (reply, token)): try await writer.answer(.ok, json: reply, fields: [.mcpSessionID: token])
        case .failure(let error): try await writer.answer(error.code == .internalError ? .internalServerError : .badRequest, error)
        }
    }

    private func answer(
        _ message: JSONValue, session: SessionToken, accepted: AcceptedTypes, request: InboundRequest, writer: any ResponseWriter
    ) async throws {
        let handler = HandshakeSession(server: server, token: session)
        if message.kind == .array {
            guard let reply = await handler.replyToBatch(message, context: request.methodContext) else {
                return try await writer.respond(HTTPResponse(status: .accepted), body: ByteBuffer())
            }
            return try await writer.answer(.ok, json: reply)
        }
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope(message)
        } catch {
            return try await writer.answer(.ok, error)
        }
        guard case .request = envelope.kind else {
            handler.take(envelope)
            return try await writer.respond(HTTPResponse(status: .accepted), body: ByteBuffer())
        }
        if let refusal = server.scopeRefusal(of: envelope, from: request.principal, id: message.requestID) {
            return try await writer.answer(.forbidden, refusal.error, fields: [.wwwAuthenticate: refusal.challenge])
        }
        let logs = server.runtime.eventLogs
        let stream = ReplyStream(
            writer: writer, accepted: accepted, timers: server.runtime.timers, progressToken: message.progressToken,
            log: { [size = request.body.readableBytes] in EventLog.of(.reply, session: session, requestBytes: size, logs: logs) }
        ) { _ in .ok }
        try await stream.send { channel in
            await handler.reply(to: envelope, context: request.methodContext, channel: channel)
        }
    }

    // MARK: GET and DELETE

    private func openStream(_ request: InboundRequest, writer: any ResponseWriter) async throws {
        guard AcceptedTypes(request).eventStream else {
            return try await writer.answer(.notAcceptable, JSONRPCError(.invalidRequest, "Accept must take text/event-stream"))
        }
        guard let session = try await session(of: request, writer: writer) else { return }
        if let text = request.head.headerFields.value(.lastEventID), let id = EventID(text) {
            let log = server.runtime.eventLogs.log(id, session: session.id)
            if let log, let reader = log.attach(after: id.number, displaced: { writer.cut() }) {
                return try await write(log, reader: reader, to: writer)
            }
            // An empty stream would have clients come back again and again.
            guard id.kind == .session else {
                return try await writer.answer(.badRequest, JSONRPCError(.invalidRequest, "There is nothing to resume behind this event"))
            }
        }
        try await listen(in: session, viewer: request.principal, writer: writer)
    }

    private func listen(in session: SessionToken, viewer: Principal, writer: any ResponseWriter) async throws {
        let runtime = server.runtime
        let log = EventLog.of(.session, session: session, logs: runtime.eventLogs)
        let reader = log.attach { writer.cut() }
        let listener = ChangeBroadcaster.Listener(
            // A reader so slow that there is no room loses the stream, not a change in its middle.
            changed: { if !log.append($0.message) { log.finish() } }, keepAlive: { log.keepAlive() }, end: { log.finish() })
        let place = runtime.broadcaster.add(listener, entry: server.name, viewer: viewer, session: session.id)
        log.whenOver {
            runtime.stopListening(place)
            runtime.releaseSubscriptions(ofSessionWithoutStream: session.id)
        }
        try await write(log, reader: reader, to: writer)
    }

    /// Writes what is on a stream until it ends or its client leaves.
    private func write(_ log: EventLog, reader: Int, to writer: any ResponseWriter) async throws {
        let leave: @Sendable () -> Void = { if !log.leave(reader) { log.abandon(reader) } }
        defer { leave() }
        try await withTaskCancellationHandler {
            try await writer.beginEvents()
            try await writer.write(SSEEncoder.keepAlive)
            while true {
                switch await log.next(reader) {
                case .event(let frame): try await writer.write(frame)
                case .keepAlive: try await writer.write(SSEEncoder.keepAlive)
                case .end(isComplete: true): return try await writer.end()
                case .end(isComplete: false): throw CancellationError()
                }
            }
        } onCancel: {
            leave()
        }
    }

    private func endSession(_ request: InboundRequest, writer: any ResponseWriter) async throws {
        guard let session = try await session(of: request, writer: writer) else { return }
        server.runtime.end(session)
        try await writer.respond(HTTPResponse(status: .ok), body: ByteBuffer())
    }

    /// The session of a request without a body; answers the request where there is none.
    private func session(of request: InboundRequest, writer: any ResponseWriter) async throws -> SessionToken? {
        guard let token = request.head.headerFields.value(.mcpSessionID) else {
            try await writer.answer(.badRequest, JSONRPCError(.invalidRequest, "The header Mcp-Session-Id is missing"))
            return nil
        }
        guard let session = server.runtime.session(token, entry: server.name, of: request.principal) else {
            try await writer.answer(.notFound, JSONRPCError(.invalidRequest, "Session not found"))
            return nil
        }
        return session
    }
}

extension JSONValue {
    /// Whether a message is the request that begins a handshake session.
    var isInitialize: Bool { self["method"]?.isString("initialize") == true }
    /// The id of a message, where it is one that an answer may carry.
    var requestID: JSONValue? { self["id"].flatMap { $0.kind == .string || $0.int != nil ? $0 : nil } }
}
