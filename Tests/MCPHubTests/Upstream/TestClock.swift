import HubCore
import NIOConcurrencyHelpers

/// A clock that stands still until a test moves it, and the timers that go by it.
final class TestClock: Sendable {
    let timers = TimerTable()
    private let time = NIOLockedValueBox(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLockedValue { $0 } }

    /// Moves on and does what is due.
    func advance(by duration: Duration) {
        time.withLockedValue { $0 += duration }
        timers.fire(now: now)
    }

    /// Lets others work until something holds; timers that they add meanwhile are done where they are due.
    func eventually(_ condition: @Sendable () -> Bool) async {
        while !condition(), !Task.isCancelled {
            timers.fire(now: now)
            await Task.yield()
        }
    }
}

/// A place that tasks wait at until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrived = 0
    }

    private let state = NIOLockedValueBox(State())

    /// How many have come so far.
    var arrived: Int { state.withLockedValue { $0.arrived } }

    func open() {
        let waiting = state.withLockedValue { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits; a cancelled task goes on at once.
    func pass() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLockedValue { state in
                    state.arrived += 1
                    if !state.isOpen, !Task.isCancelled { state.waiting.append(continuation) }
                    return state.isOpen || Task.isCancelled
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLockedValue { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
        try Task.checkCancellation()
    }
}
