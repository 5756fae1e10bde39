import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Lets one go at a time, in the order in which they came.
final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [Awaited<Void>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Waits for the turn; who got it gives it back with `give`.
    func take(until deadline: NIODeadline, timers: TimerTable) async throws {
        let place: Awaited<Void>? = state.withLockedValue { state in
            guard state.isTaken else {
                state.isTaken = true
                return nil
            }
            let place = Awaited<Void>()
            state.waiting.append(place)
            return place
        }
        guard let place else { return }
        defer { state.withLockedValue { $0.waiting.removeAll { $0 === place } } }
        try await timers.value(of: place, until: deadline, failure: .serverTooSlow)
    }

    /// Passes the turn on to the first that still waits.
    func give() {
        while true {
            let next: Awaited<Void>? = state.withLockedValue { state in
                guard !state.waiting.isEmpty else {
                    state.isTaken = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let next, !next.give(.success(())) else { return }
        }
    }
}
