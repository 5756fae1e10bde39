import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// HTTP+SSE of 2024-11-05: GET `/sse` opens a stream and names the address to post to; replies come on the stream.
///
/// The stream's task performs the calls, so that they end with the stream and not with the connection that posted them.
struct LegacySSETransport {
    let server: MCPServer

    func open(_ request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.head.method == .get else {
            return try await writer.answer(
                .methodNotAllowed, JSONRPCError(.invalidRequest, "GET opens the stream"), fields: [.allow: "GET"])
        }
        let runtime = server.runtime
        let session = runtime.makeSession(entry: server.name, revision: .v2024_11_05, of: request.principal)
        let id = String(session.id, radix: 16)
        let events = EventStream<LegacySessions.Event>(capacity: ClientBounds.unread + 2 * PendingCalls.maximum)
        let pending = PendingCalls()
        // Before the client knows the address: it may post at once.
        runtime.legacySessions.add(id, token: session, events: events, pending: pending)
        let listener = ChangeBroadcaster.Listener(
            changed: { events.push(.outgoing($0.message)) }, keepAlive: { events.push(.keepAlive) }, end: { events.finish() })
        let place = runtime.broadcaster.add(listener, entry: server.name, viewer: request.principal, session: session.id)
        defer {
            runtime.stopListening(place)
            runtime.legacySessions.remove(id)
            runtime.end(streamOf: session)
        }
        try await writer.beginEvents()
        try await writer.send(event: "endpoint", json: ByteBuffer(string: "/mcp/\(server.name)/messages?session_id=\(id)"))
        try await withThrowingDiscardingTaskGroup { group in
            var token = session
            for await event in events.elements {
                switch event {
                case .keepAlive: try await writer.write(SSEEncoder.keepAlive)
                case .outgoing(let message): try await writer.send(json: message)
                case .incoming(let message, let server, let context):
                    let handler = HandshakeSession(server: server, token: token)
                    if message.isInitialize {
                        let reply: ByteBuffer
                        do throws(JSONRPCError) {
                            let opening = try HandshakeSession.initialize(message, server: server)
                            (reply, token.revision, token.capabilities) = (opening.reply, opening.revision, opening.capabilities)
                        } catch {
                            reply = error.bytes
                        }
                        pending.end(message)
                        try await writer.send(json: reply)
                        continue
                    }
                    group.addTask {
                        let reply = await handler.reply(
                            toAny: message, context: context, push: { events.push(.outgoing($0)) })
                        pending.end(message)
                        if let reply { events.push(.outgoing(reply)) }
                    }
                }
            }
            group.cancelAll()
        }
        try Task.checkCancellation()
        try await writer.end()
    }

    func receive(_ request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.head.method == .post else {
            return try await writer.answer(
                .methodNotAllowed, JSONRPCError(.invalidRequest, "POST brings messages"), fields: [.allow: "POST"])
        }
        let query = (request.head.path ?? "").split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        let id = query.split(separator: "&").first { $0.hasPrefix("session_id=") }.map { String($0.dropFirst(11)) } ?? ""
        guard let session = server.runtime.legacySessions.session(id, of: request.principal, entry: server.name) else {
            return try await writer.answer(.notFound, JSONRPCError(.invalidRequest, "Session not found"))
        }
        let message: JSONValue
        do throws(JSONParseError) {
            message = try JSONDocument(parsing: request.body, limits: .message).root
        } catch {
            return try await writer.answer(.badRequest, JSONRPCError(.parseError, "The body is not JSON: \(error)"))
        }
        // Here, where a client that can ask its user for more hears it: an answer on the stream has no status. What is no message is told
        // there why.
        if let envelope = try? JSONRPCEnvelope(message),
            let refusal = server.scopeRefusal(of: envelope, from: request.principal, id: message.requestID)
        {
            return try await writer.answer(.forbidden, refusal.error, fields: [.wwwAuthenticate: refusal.challenge])
        }
        if let envelope = try? JSONRPCEnvelope(message), case .response = envelope.kind {  // what is no message is told below
            // At once: the calls that wait for it may be as many as may wait.
            HandshakeSession(server: server, token: session.token).take(envelope)
            return try await writer.respond(HTTPResponse(status: .accepted), body: ByteBuffer())
        }
        guard session.pending.begin(message) else {
            server.runtime.refusals.count(.pendingMessages)
            let refusal = JSONRPCError(.overloaded, "Too many messages are being answered; try again", id: message.requestID)
            return try await writer.answer(.serviceUnavailable, refusal, fields: [.retryAfter: "1"])
        }
        session.events.push(.incoming(message, server, request.methodContext))
        try await writer.respond(HTTPResponse(status: .accepted), body: ByteBuffer())
    }
}

/// The open streams of HTTP+SSE by the id in their address.
final class LegacySessions: Sendable {
    enum Event: Sendable {
        /// A message, with the server of the snapshot in force when it came, and who brought it: their token may be another than the
        /// stream's.
        case incoming(JSONValue, MCPServer, CallContext)
        case outgoing(ByteBuffer)
        case keepAlive
    }

    struct Session: Sendable {
        /// As it was when the stream was opened: id, owner and entry.
        var token: SessionToken
        var events: EventStream<Event>
        /// What has been taken and not answered.
        var pending: PendingCalls
    }

    private let sessions = NIOLockedValueBox<[String: Session]>([:])

    func add(_ id: String, token: SessionToken, events: EventStream<Event>, pending: PendingCalls) {
        let session = Session(token: token, events: events, pending: pending)
        sessions.withLockedValue { $0[id] = session }
    }

    func remove(_ id: String) {
        sessions.withLockedValue { $0[id] = nil }
    }

    /// The session of that caller; another's is told from none in nothing.
    func session(_ id: String, of principal: Principal, entry: String) -> Session? {
        let owner = SessionOwner(principal)
        return sessions.withLockedValue { $0[id].flatMap { $0.token.entry == entry && $0.token.owner == owner ? $0 : nil } }
    }
}
