import HubCore
import NIOCore

/// A connection as its listener sees it. Lives, and is used, on its event loop.
protocol ListenerConnection: AnyObject {
    /// Called every `ListenerLoop.tickInterval`.
    func tick(now: NIODeadline)
    /// The hub stops: ends after what is being answered, and where a request may be on its way, not before `grace` has passed.
    func drain(now: NIODeadline, grace: Duration)
    /// What is being answered has had its time: it is cancelled, and may still say so to the caller.
    func cancelWork()
    /// Ends at once.
    func cut()
}

/// The connections of one listener on one event loop: one timer for all of their limits.
final class ListenerLoop: Sendable {
    let eventLoop: any EventLoop
    let executor: LoopTaskExecutor
    private let state: NIOLoopBoundBox<State>

    private struct State {
        var connections: [ObjectIdentifier: any ListenerConnection] = [:]
        var ticker: RepeatedTask?
        var drainGrace: Duration?
    }

    static let tickInterval = TimeAmount.seconds(1)

    init(_ eventLoop: any EventLoop, executor: LoopTaskExecutor? = nil) {
        self.eventLoop = eventLoop
        self.executor = executor ?? .executor(for: eventLoop)
        state = .makeBoxSendingValue(State(), eventLoop: eventLoop)
    }

    func add(_ connection: any ListenerConnection) {
        state.value.connections[ObjectIdentifier(connection)] = connection
        if let grace = state.value.drainGrace { connection.drain(now: .now(), grace: grace) }
        guard state.value.ticker == nil else { return }
        let state = state
        state.value.ticker = eventLoop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { task in
            guard !state.value.connections.isEmpty else {
                state.value.ticker = nil
                return task.cancel()
            }
            let now = NIODeadline.now()
            for connection in state.value.connections.values { connection.tick(now: now) }
        }
    }

    func remove(_ connection: any ListenerConnection) {
        state.value.connections[ObjectIdentifier(connection)] = nil
    }

    /// From any thread.
    func drain(grace: Duration) {
        eventLoop.execute { [state] in
            state.value.drainGrace = grace
            let now = NIODeadline.now()
            for connection in state.value.connections.values { connection.drain(now: now, grace: grace) }
        }
    }

    /// From any thread.
    func cancelWork() { forEach { $0.cancelWork() } }

    /// From any thread.
    func cut() { forEach { $0.cut() } }

    private func forEach(_ body: @escaping @Sendable (any ListenerConnection) -> Void) {
        eventLoop.execute { [state] in
            for connection in state.value.connections.values { body(connection) }
        }
    }
}
