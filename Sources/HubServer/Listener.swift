import Glibc
import HTTPTypes
public import HubCore
public import Logging
import NIOCore
public import NIOPosix

/// Where a listener gets its socket.
public enum ListenerSocket: Sendable, Hashable {
    /// A new one, bound to a host and a port; port 0 takes a free one.
    case bind(host: String, port: Int)
    /// One that listens already, from whoever started or preceded this process; the listener owns the descriptor from now on.
    case inherited(CInt)
}

/// A listening socket and the connections it accepted.
///
/// Owned by whoever started it; ended by `shutDown`, which lets what is being answered finish within a limit.
public final class Listener: Sendable {
    private let channel: any Channel
    private let shared: ListenerShared

    private init(channel: any Channel, shared: ListenerShared) {
        self.channel = channel
        self.shared = shared
    }

    /// Where it listens, for example `127.0.0.1:8080`.
    public var address: String {
        guard let address = channel.localAddress, let ip = address.ipAddress, let port = address.port else { return "" }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }

    /// Begins to accept.
    ///
    /// - Parameters:
    ///   - socket: where the socket comes from.
    ///   - isPaused: whether it accepts only when `resume` is called.
    ///   - bounds: what callers are granted.
    ///   - door: what a connection must pass, TLS for example.
    ///   - responder: answers requests.
    ///   - observer: is told of each exchange.
    ///   - logger: hears of refusals.
    ///   - group: the event loops that serve.
    /// - Throws: what the system says of the address, for example that it is in use.
    public static func start(
        on socket: ListenerSocket, isPaused: Bool = false, bounds: ListenerBounds, door: ListenerDoor = ListenerDoor(),
        responder: any HTTPResponder,
        observer: (any ExchangeObserver)? = nil, logger: Logger, group: MultiThreadedEventLoopGroup = .singleton
    ) async throws -> Listener {
        let shared = ListenerShared(
            bounds: bounds, door: door, responder: responder, observer: observer, logger: logger,
            eventLoops: Array(group.makeIterator()))
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.autoRead, value: !isPaused)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptControl(isPaused: isPaused)) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Little waits in the system that could not be sent yet: so the hub sees at what pace a caller reads, and knows what it holds.
            .childChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 128 << 10)
            // A caller that vanished does not hold its stream for ever: asked after a minute of silence, given up after another.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try shared.initialize(channel) }
            }
        switch socket {
        case .bind(let host, let port):
            return Listener(channel: try await bootstrap.bind(host: host, port: port).get(), shared: shared)
        case .inherited(let descriptor):
            let channel = try await bootstrap.withBoundSocket(descriptor).get()
            // The bootstrap gives a socket that it did not bind a queue of its own default length, which is short.
            try await withSocket(of: channel) { listen($0, backlog) }
            return Listener(channel: channel, shared: shared)
        }
    }

    /// A copy of the listening socket's descriptor, for another process to listen on. The caller closes it.
    public func duplicateDescriptor() async throws -> CInt {
        try await Self.withSocket(of: channel) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
    }

    /// Connections that may wait to be accepted.
    private static let backlog: CInt = 1024

    /// Makes a system call on the socket of a channel.
    @discardableResult
    private static func withSocket(of channel: any Channel, _ call: @escaping @Sendable (CInt) -> CInt) async throws -> CInt {
        try await channel.eventLoop.submit {
            let result = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                let result = call(socket)
                guard result >= 0 else { throw IOError(errnoCode: errno, reason: "listening socket") }
                return result
            }
            guard let result else { throw ChannelError.operationUnsupported }
            return result
        }.get()
    }

    /// Accepts no more until `resume`: connections wait in the socket's queue, for this process or another that has the socket too. Those
    /// that were accepted before are all served.
    public func pause() async {
        try? await channel.triggerUserOutboundEvent(AcceptControl.Order.pause).get()  // already closed is as good
        // A connection is set up on its own loop and then handed back to the accepting one; were the channel closed by then, it would be
        // closed too, though its caller was not refused. So both steps are waited for.
        await shared.settle()
        try? await channel.eventLoop.submit {}.get()  // fails where the loop has ended
    }

    /// Accepts again.
    public func resume() async {
        try? await channel.triggerUserOutboundEvent(AcceptControl.Order.resume).get()  // already closed: nothing is to be accepted
    }

    /// Stops accepting; the connections go on. Those that wait in the socket's queue are kept where another process holds it too.
    public func stopAccepting() async {
        await pause()
        try? await channel.close()  // already closed is as good
    }

    /// Stops accepting, closes idle connections, and waits until what is being answered is out, at most `limit` long. What is left then is
    /// cancelled, so that streams can tell their readers, and a moment later cut.
    ///
    /// - Parameters:
    ///   - limit: how long answers may take.
    ///   - idleGrace: how long an idle connection stays open, for a request that is on its way already.
    public func shutDown(limit: Duration, idleGrace: Duration = .zero) async {
        await stopAccepting()
        shared.drain(grace: idleGrace)
        await waitUntilClosed(limit)
        shared.cancelWork()
        await waitUntilClosed(min(limit, Self.farewellTime))
        shared.cut()
    }

    private static let farewellTime = Duration.seconds(1)

    private func waitUntilClosed(_ limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while shared.admission.connectionCount > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))  // cancelled: the loop's condition decides
            if Task.isCancelled { break }
        }
    }
}
