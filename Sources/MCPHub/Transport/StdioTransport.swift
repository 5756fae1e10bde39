import HubCore
public import Logging
import NIOConcurrencyHelpers
public import NIOCore

/// One MCP server over lines of JSON: each message is one line, both eras on one channel. A request that describes itself in `_meta`
/// is modern; the rest belong to the one handshake session.
public struct StdioTransport: Sendable {
    /// How long calls may go on when the input has ended: a script that piped its requests in gets its answers, a client that left
    /// ends its calls.
    static let graceAtEnd = Duration.seconds(2)

    private let current: @Sendable () -> MCPServer
    private let logger: Logger

    /// - Parameters:
    ///   - server: the server to speak for as it is at present; its name and its runtime stay the same.
    ///   - logger: hears of what went wrong.
    public init(logger: Logger, server: @escaping @Sendable () -> MCPServer) {
        current = server
        self.logger = logger
    }

    private var server: MCPServer { current() }

    /// Serves until `lines` ends.
    ///
    /// - Parameters:
    ///   - lines: messages without their line feed.
    ///   - write: sends one message; the line feed is its own. Called for one message at a time.
    public func serve(
        _ lines: some AsyncSequence<ByteBuffer, any Error> & Sendable, write: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws {
        let outgoing = EventStream<ByteBuffer>()
        let places = BroadcasterPlaces()
        let pending = PendingCalls()
        let token = server.runtime.makeSession(entry: server.name, revision: .latestHandshake, of: .anonymous)
        defer {
            for id in places.ids { server.runtime.stopListening(id) }
            server.runtime.end(streamOf: token)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await message in outgoing.elements {
                    do { try await write(Self.singleLine(message)) } catch { return }  // nobody reads any more: the input ends too
                }
            }
            var token = token
            var isInitialized = false
            try await withThrowingDiscardingTaskGroup { calls in
                for try await line in lines where line.readableBytes > 0 {
                    guard let message = parse(line, outgoing: outgoing) else { continue }
                    let session = HandshakeSession(server: server, token: token)
                    if message[path: "params", "_meta", MetaKey.protocolVersion] != nil {
                        guard pending.begin(message) else {
                            outgoing.push(PendingCalls.refusal(of: message))
                            continue
                        }
                        calls.addTask {
                            await serveModern(message, session: session, outgoing: outgoing, places: places)
                            pending.end(message)
                        }
                    } else if message.isInitialize {
                        if let opened = initialize(message, token: token, outgoing: outgoing) {
                            token = opened
                            if !isInitialized { places.add(listen(outgoing, session: token)) }
                            isInitialized = true
                        }
                    } else if message["method"].map({ $0.isString("notifications/cancelled") }) ?? true,
                        let envelope = try? JSONRPCEnvelope(message)
                    {
                        // A cancellation or a response, at once: the call may be waiting. What is malformed is answered below.
                        take(envelope, session: session, places: places)
                    } else {
                        guard pending.begin(message) else {
                            outgoing.push(PendingCalls.refusal(of: message))
                            continue
                        }
                        calls.addTask {
                            let reply = await session.reply(
                                toAny: message, context: context, push: { outgoing.push($0) })
                            if let reply { outgoing.push(reply) }
                            pending.end(message)
                        }
                    }
                }
                await pending.wait(limit: Self.graceAtEnd)
                calls.cancelAll()
            }
            outgoing.finish()
            try await group.waitForAll()
        }
    }

    /// Whoever starts the command is its caller.
    private var context: CallContext { CallContext(requestID: "stdio", logger: logger) }

    private func parse(_ line: ByteBuffer, outgoing: EventStream<ByteBuffer>) -> JSONValue? {
        do throws(JSONParseError) {
            return try JSONDocument(parsing: line, limits: .message).root
        } catch {
            outgoing.push(JSONRPCError(.parseError, "The line is not JSON: \(error)").bytes)
            return nil
        }
    }

    private func initialize(_ message: JSONValue, token: SessionToken, outgoing: EventStream<ByteBuffer>) -> SessionToken? {
        do throws(JSONRPCError) {
            var token = token
            let opening = try HandshakeSession.initialize(message, server: server)
            (token.revision, token.capabilities) = (opening.revision, opening.capabilities)
            outgoing.push(opening.reply)
            return token
        } catch {
            outgoing.push(error.bytes)
            return nil
        }
    }

    private func listen(_ outgoing: EventStream<ByteBuffer>, session: SessionToken) -> Int {
        server.runtime.broadcaster.add(
            ChangeBroadcaster.Listener(changed: { outgoing.push($0.message) }, keepAlive: {}, end: { outgoing.finish() }),
            entry: server.name, viewer: .anonymous, session: session.id)
    }

    private func serveModern(_ message: JSONValue, session: HandshakeSession, outgoing: EventStream<ByteBuffer>, places: BroadcasterPlaces)
        async
    {
        do throws(JSONRPCError) {
            let envelope = try JSONRPCEnvelope(message)
            guard case .request(let id) = envelope.kind else { return take(envelope, session: session, places: places) }
            let version = message[path: "params", "_meta", MetaKey.protocolVersion]?.string ?? ""
            let revision = try ModernTransport.served(version, id: id)
            if envelope.method == "subscriptions/listen" {
                if let refusal = Subscription.refusal(of: envelope, id: id, server: server) { throw refusal }
                let subscription = Subscription(envelope, id: id, server: server)
                let (place, acknowledge) = subscription.open(
                    viewer: .anonymous, send: { outgoing.push($0) }, keepAlive: {}, end: { outgoing.push(subscription.end) })
                places.add(place, subscription: id)
                await acknowledge()
                return
            }
            let methods = MCPMethods(server: server, revision: revision)
            let reply = await ReplyStream.run(
                progressToken: message.progressToken, timers: server.runtime.timers, push: { outgoing.push($0) }
            ) { channel in
                let request = MethodRequest(envelope: envelope, id: id, context: context, channel: channel)
                return await server.runtime.inFlight.run(session: session.token.id, id: id) { await methods.reply(to: request) }
            }
            if reply.error != .cancelled { outgoing.push(reply.bytes) }
        } catch {
            outgoing.push(error.bytes)
        }
    }

    /// Takes a notification: a cancellation ends a call, or a subscription.
    private func take(_ envelope: JSONRPCEnvelope, session: HandshakeSession, places: BroadcasterPlaces) {
        session.take(envelope)
        guard envelope.method == "notifications/cancelled", let id = envelope.params?["requestId"] else { return }
        if let place = places.remove(subscription: id) { server.runtime.stopListening(place) }
    }

    /// JSON has raw line ends only between tokens, where a space means the same.
    private static func singleLine(_ message: ByteBuffer) -> ByteBuffer {
        guard message.readableBytesView.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return message }
        return ByteBuffer(bytes: message.readableBytesView.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }
}

/// The places one channel has in the broadcaster, some of them under the id of the request that opened them.
private final class BroadcasterPlaces: Sendable {
    private struct State {
        var all: Set<Int> = []
        var bySubscription: [ByteBuffer: Int] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var ids: Set<Int> { state.withLockedValue { $0.all } }

    func add(_ place: Int, subscription: JSONValue? = nil) {
        state.withLockedValue { state in
            state.all.insert(place)
            if let subscription { state.bySubscription[subscription.rawBytes] = place }
        }
    }

    func remove(subscription: JSONValue) -> Int? {
        state.withLockedValue { state in
            let place = state.bySubscription.removeValue(forKey: subscription.rawBytes)
            if let place { state.all.remove(place) }
            return place
        }
    }
}
