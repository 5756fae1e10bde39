import HubCore
import NIOCore
import NIOPosix

/// The connections to one address that one event loop keeps, and the requests that wait for them.
///
/// Lives and runs on its loop. Its service gives up its hold by `close`; it is there until the last exchange has ended.
final class EndpointPool {
    /// Where it runs.
    let executor: LoopTaskExecutor
    /// Where its connections go.
    let endpoint: Endpoint
    /// What is configured.
    let settings: UpstreamSettings
    private let connector: Connector
    private var machine: PoolStateMachine<UpstreamConnection, Exchange>
    private var busy: [UpstreamConnection] = []
    private var attempts: [Attempt] = []
    private var ticker: (task: Scheduled<Void>, isFast: Bool)?
    private var hasWorked = false
    /// The question for the addresses, while it is open: connections that are opened at the same time share it.
    private var question: EventLoopFuture<[SocketAddress]>?

    /// Limits are kept this exactly.
    private static let precision = TimeAmount.milliseconds(50)
    /// How often kept connections are looked at while there is no work.
    private static let leisure = TimeAmount.seconds(1)

    /// A connection on its way.
    private final class Attempt {
        let deadline: NIODeadline
        private(set) var isOver = false
        private var channel: (any Channel)?

        init(deadline: NIODeadline) { self.deadline = deadline }

        /// There is a channel, perhaps too late: then nobody else would close it.
        func opened(_ channel: any Channel) {
            self.channel = channel
            if isOver { channel.close(promise: nil) }
        }

        func giveUp() {
            isOver = true
            channel?.close(promise: nil)
        }
    }

    init(executor: LoopTaskExecutor, connector: Connector, settings: UpstreamSettings) {
        self.executor = executor
        self.connector = connector
        self.settings = settings
        endpoint = connector.endpoint
        machine = PoolStateMachine(bounds: settings.bounds)
    }

    /// Its event loop.
    var loop: any EventLoop { executor.eventLoop }

    /// Sends a request as soon as there is a connection.
    func start(_ exchange: Exchange) {
        let now = NIODeadline.now()
        hasWorked = true
        keepTime()
        switch machine.acquire(exchange, deadline: min(exchange.request.deadline, now + TimeAmount(settings.timeouts.connect))) {
        case .connection(let connection): give(connection, to: exchange, now: now)
        case .waiting(let opens): if opens { open(now: now) }
        case .refused: exchange.fail(.saturated)
        }
    }

    /// An exchange waits no longer.
    func leave(_ exchange: Exchange) { _ = machine.leave(exchange) }

    /// Nothing is kept from now on.
    func close() {
        for connection in machine.close() { connection.close() }
    }

    // MARK: Connections

    /// A connection is free again.
    func released(_ connection: UpstreamConnection) {
        removeBusy(connection)
        let now = NIODeadline.now()
        place(connection, machine.released(connection, now: now), now: now)
    }

    /// A connection is closed, or as good as.
    func closed(_ connection: UpstreamConnection, wasBusy: Bool) {
        guard wasBusy else {
            _ = machine.closedIdle(connection)
            return
        }
        removeBusy(connection)
        if machine.closedBusy() { open(now: .now()) }
    }

    /// Closes what is kept: one of them turned out closed, and the others are as old.
    func distrustKept() {
        for connection in machine.takeIdle() { connection.close() }
    }

    private func place(_ connection: UpstreamConnection, _ freed: PoolStateMachine<UpstreamConnection, Exchange>.Freed, now: NIODeadline) {
        switch freed {
        case .serve(let exchange): give(connection, to: exchange, now: now)
        case .keep: break
        case .close: connection.close()
        }
    }

    private func give(_ connection: UpstreamConnection, to exchange: Exchange, now: NIODeadline) {
        connection.slot = busy.count
        busy.append(connection)
        connection.begin(exchange, now: now)
    }

    private func removeBusy(_ connection: UpstreamConnection) {
        guard busy.indices.contains(connection.slot), busy[connection.slot] === connection, let last = busy.popLast() else { return }
        guard last !== connection else { return }
        last.slot = connection.slot
        busy[connection.slot] = last
    }

    // MARK: Opening

    private func open(now: NIODeadline) {
        let timeout = TimeAmount(settings.timeouts.connect)
        let attempt = Attempt(deadline: now + timeout)
        attempts.append(attempt)
        let pool = NIOLoopBound(self, eventLoop: loop)
        connector.connect(
            to: addresses(), on: loop, timeout: timeout, handler: { UpstreamConnection(pool: pool.value) }, opened: { attempt.opened($0) }
        ).assumeIsolated().whenComplete { result in
            self.finished(attempt, result.map(\.value))
        }
    }

    private func addresses() -> EventLoopFuture<[SocketAddress]> {
        if let question { return question }
        let asked = connector.addresses(on: loop)
        question = asked
        asked.assumeIsolated().whenComplete { _ in self.question = nil }
        return asked
    }

    private func finished(_ attempt: Attempt, _ result: Result<UpstreamConnection, any Error>) {
        guard !attempt.isOver else {
            if case .success(let connection) = result { connection.close() }
            return
        }
        attempts.removeAll { $0 === attempt }
        switch result {
        case .success(let connection) where connection.isIdle:
            let now = NIODeadline.now()
            place(connection, machine.opened(connection, now: now), now: now)
        case .success: failed(.unreachable(ChannelError.ioOnClosedChannel))
        case .failure(let error): failed(error as? UpstreamFailure ?? Self.failure(for: error))
        }
    }

    private static func failure(for error: any Error) -> UpstreamFailure {
        if case .connectTimeout? = error as? ChannelError { return .connectTimeout }
        return .unreachable(error)
    }

    private func failed(_ failure: UpstreamFailure) {
        let (told, opens) = machine.openingFailed()
        if opens { open(now: .now()) }
        told?.fail(failure)
    }

    // MARK: Time

    private func keepTime() {
        if let ticker {
            guard !ticker.isFast else { return }
            ticker.task.cancel()
        }
        schedule(isFast: true)
    }

    private func schedule(isFast: Bool) {
        let task = loop.assumeIsolated().scheduleTask(in: isFast ? Self.precision : Self.leisure) { self.tick() }
        ticker = (task, isFast)
    }

    private func tick() {
        let now = NIODeadline.now()
        for attempt in attempts where attempt.deadline <= now {
            attempt.giveUp()
            attempts.removeAll { $0 === attempt }
            failed(.connectTimeout)
        }
        let due = machine.tick(now: now)
        for exchange in due.late { exchange.fail(due.isSaturated ? .saturated : .connectTimeout) }
        for connection in due.stale { connection.close() }
        for connection in busy { connection.tick(now: now) }
        ticker = nil
        if machine.hasWork || hasWorked || !attempts.isEmpty {
            hasWorked = false
            schedule(isFast: true)
        } else if !machine.isEmpty {
            schedule(isFast: false)
        }
    }
}
