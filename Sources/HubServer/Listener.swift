import HTTPTypes
public import HubCore
public import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
public import NIOPosix

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

    /// Binds and begins to accept.
    ///
    /// - Parameters:
    ///   - host: an address or a name of this machine.
    ///   - port: 0 takes a free one.
    ///   - bounds: what callers are granted.
    ///   - responder: answers requests.
    ///   - observer: is told of each exchange.
    ///   - logger: hears of refusals.
    ///   - group: the event loops that serve.
    /// - Throws: what the system says of the address, for example that it is in use.
    public static func start(
        host: String, port: Int, bounds: ListenerBounds, responder: any HTTPResponder, observer: (any ExchangeObserver)? = nil,
        logger: Logger, group: MultiThreadedEventLoopGroup = .singleton
    ) async throws -> Listener {
        let shared = ListenerShared(bounds: bounds, responder: responder, observer: observer, logger: logger)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)  // a caller that vanished does not hold its stream for ever
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard shared.admit(channel) else {
                        channel.close(promise: nil)
                        return
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
                    let handler = HTTPConnectionHandler(shared: shared, now: .now())
                    try pipeline.addHandler(handler)
                    shared.register(NIOLoopBound(handler, eventLoop: channel.eventLoop), for: channel)
                }
            }
            .bind(host: host, port: port).get()
        return Listener(channel: channel, shared: shared)
    }

    /// Stops accepting, closes idle connections, and waits until what is being answered is out, at most `limit` long;
    /// what is left then is cut.
    public func shutDown(limit: Duration) async {
        try? await channel.close()  // already closed is as good
        shared.drain()
        let deadline = ContinuousClock.now + limit
        while shared.connectionCount > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))  // cancelled: the loop's condition decides
            if Task.isCancelled { break }
        }
        shared.cut()
    }
}

/// What all connections of one listener share.
final class ListenerShared: Sendable {
    let bounds: ListenerBounds
    let logger: Logger
    private let responder: any HTTPResponder
    private let observer: (any ExchangeObserver)?
    private let state = NIOLockedValueBox(State())

    private struct State {
        var connections: [ObjectIdentifier: (channel: any Channel, handler: NIOLoopBound<HTTPConnectionHandler>)] = [:]
        var perAddress: [String: Int] = [:]
        var admitted = 0
        var inFlight = 0
        var isDraining = false
    }

    init(bounds: ListenerBounds, responder: any HTTPResponder, observer: (any ExchangeObserver)?, logger: Logger) {
        self.bounds = bounds
        self.responder = responder
        self.observer = observer
        self.logger = logger
    }

    var connectionCount: Int { state.withLockedValue { $0.admitted } }

    /// Counts a connection in, unless there are too many.
    func admit(_ channel: any Channel) -> Bool {
        let address = channel.remoteAddress?.ipAddress ?? ""
        let isAdmitted = state.withLockedValue { state in
            guard !state.isDraining, state.admitted < bounds.connections, state.perAddress[address, default: 0] < bounds.perAddress
            else { return false }
            state.admitted += 1
            state.perAddress[address, default: 0] += 1
            return true
        }
        guard isAdmitted else {
            logger.debug("refused a connection: too many", metadata: ["address": "\(address)"])
            return false
        }
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [self] _ in
            state.withLockedValue { state in
                state.connections[id] = nil
                state.admitted -= 1
                let left = state.perAddress[address, default: 1] - 1
                state.perAddress[address] = left > 0 ? left : nil
            }
        }
        return true
    }

    func register(_ handler: NIOLoopBound<HTTPConnectionHandler>, for channel: any Channel) {
        state.withLockedValue { $0.connections[ObjectIdentifier(channel)] = (channel, handler) }
    }

    func drain() {
        let connections = state.withLockedValue { state in
            state.isDraining = true
            return Array(state.connections.values)
        }
        for connection in connections { connection.channel.eventLoop.execute { connection.handler.value.drain() } }
    }

    func cut() {
        for connection in state.withLockedValue({ Array($0.connections.values) }) { connection.channel.close(promise: nil) }
    }

    /// Answers one request to its end, whatever the responder does.
    func answer(_ request: InboundRequest, writer: HTTPResponseWriter) async {
        let start = ContinuousClock.now
        observer?.began()
        var request = request
        request.isOverload = state.withLockedValue { state in
            state.inFlight += 1
            return state.inFlight > bounds.inFlight
        }
        do {
            try await responder.respond(to: request, writer: writer)
        } catch is CancellationError {
            request.logger.debug("the caller left")
        } catch {
            request.logger.debug("the request ended with an error", metadata: ["error": "\(error)"])
        }
        if writer.progress.status == nil {
            try? await writer.refuse(.internalServerError, "The hub failed to answer")  // the caller may be gone
        }
        writer.abandon()
        state.withLockedValue { $0.inFlight -= 1 }
        let progress = writer.progress
        observer?.ended(
            request, status: Task.isCancelled ? nil : progress.status, bytesSent: progress.bytesSent, duration: ContinuousClock.now - start)
    }
}
