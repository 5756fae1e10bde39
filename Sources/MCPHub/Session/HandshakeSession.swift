import HubCore
import NIOCore

/// One session of the handshake era, whichever transport carries it.
struct HandshakeSession: Sendable {
    let server: MCPServer
    let token: SessionToken

    /// What `initialize` comes to.
    struct Opening {
        var reply: ByteBuffer
        var revision: ProtocolRevision
        var capabilities: ClientCapabilities
    }

    /// The answer to `initialize`, and what holds from then on: the revision asked for if it is known, else the latest of its era.
    static func initialize(_ message: JSONValue, server: MCPServer) throws(JSONRPCError) -> Opening {
        let envelope = try JSONRPCEnvelope(message)
        guard case .request(let id) = envelope.kind, let asked = envelope.params?["protocolVersion"]?.string else {
            throw JSONRPCError(.invalidParams, "initialize needs an id and a protocolVersion", id: message.requestID)
        }
        let revision = ProtocolRevision(rawValue: asked).flatMap { $0.isModern ? nil : $0 } ?? .latestHandshake
        return Opening(
            reply: MCPMethods(server: server, revision: revision).initialize(id: id), revision: revision,
            // The tasks of this era are others, which the hub does not do.
            capabilities: ClientCapabilities(envelope.params?["capabilities"]).subtracting(.tasks))
    }

    /// The reply to a request.
    func reply(to envelope: JSONRPCEnvelope, context: CallContext, channel: ReplyChannel) async -> MCPMethods.Reply {
        guard case .request(let id) = envelope.kind else { return .error(JSONRPCError(.invalidRequest, "The message is no request")) }
        let methods = MCPMethods(server: server, revision: token.revision, session: token)
        var context = context
        context.session = token.id
        let request = MethodRequest(envelope: envelope, id: id, context: context, channel: channel)
        guard MCPMethods.takesTime(envelope.method) else { return await methods.reply(to: request) }
        return await server.runtime.inFlight.run(session: token.id, id: id, outlive: channel.outlive) {
            await methods.reply(to: request)
        }
    }

    /// Takes a notification or a response: a cancellation, the answer to a request of ours, word of other roots; nothing else has an effect.
    func take(_ envelope: JSONRPCEnvelope) {
        if case .response = envelope.kind {
            server.runtime.questions.answer(envelope, session: token.id)
        } else if envelope.method == "notifications/cancelled", let id = envelope.params?["requestId"] {
            server.runtime.inFlight.cancel(session: token.id, id: id)
        } else if envelope.method == "notifications/roots/list_changed", token.capabilities.contains(.roots) {
            server.runtime.rootsChanged(session: token.id)
        }
    }

    /// The replies to a batch as one array; nil when nothing in it wants one. Batches are of 2024-11-05 and 2025-03-26.
    func replyToBatch(_ batch: JSONValue, context: CallContext) async -> ByteBuffer? {
        guard token.revision < .v2025_06_18 else {
            return JSONRPCError(.invalidRequest, "Batches are not part of \(token.revision.rawValue)").bytes
        }
        guard (1...HandshakeTransport.maximumBatch).contains(batch.count) else {
            return JSONRPCError(.invalidRequest, "A batch has 1 to \(HandshakeTransport.maximumBatch) messages").bytes
        }
        let replies = await withTaskGroup(of: (Int, ByteBuffer?).self) { group in
            for (index, message) in batch.elements.enumerated() {
                group.addTask { (index, await reply(toMessage: message, context: context)) }
            }
            var replies: [(Int, ByteBuffer?)] = []
            for await reply in group { replies.append(reply) }
            return replies.sorted { $0.0 < $1.0 }.compactMap(\.1)
        }
        guard !replies.isEmpty else { return nil }
        var json = JSONWriter()
        json.beginArray()
        for reply in replies { json.raw(reply) }
        json.endArray()
        return json.buffer
    }

    /// The reply to a message or a batch on a channel that is open anyway; `push` sends what comes before it.
    func reply(
        toAny message: JSONValue, context: CallContext, push: @escaping @Sendable (ByteBuffer) -> Void
    ) async -> ByteBuffer? {
        if message.kind == .array { return await replyToBatch(message, context: context) }
        return await ReplyStream.run(progressToken: message.progressToken, timers: server.runtime.timers, push: push) { channel in
            await reply(toMessage: message, context: context, channel: channel)
        }
    }

    /// The reply to one message, if it wants one.
    func reply(toMessage message: JSONValue, context: CallContext, channel: ReplyChannel = .closed) async -> ByteBuffer? {
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope(message)
        } catch {
            return error.bytes
        }
        guard case .request(let id) = envelope.kind else {
            take(envelope)
            return nil
        }
        guard envelope.method != "initialize" else {
            return JSONRPCError(.invalidRequest, "The session is initialized already", id: id).bytes
        }
        let reply = await reply(to: envelope, context: context, channel: channel)
        // Cancellation, "Behavior Requirements": who took a request back wants to hear no more of it.
        return reply.error == .cancelled ? nil : reply.bytes
    }
}
