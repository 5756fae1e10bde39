import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The calls that wait for their clients to come back with answers: those of clients of 2026-07-28 to servers that ask in the middle of a call.
final class ParkedCalls: Sendable {
    /// How many wait at once, and how many for one caller, where callers are told apart.
    static let maximum = 1_000
    static let maximumPerOwner = 32
    /// How long a call waits for its client.
    static let limit = Duration.seconds(RequestState.lifetime)

    private struct State {
        var calls: [UInt128: ParkedCall] = [:]
        var counts: [SessionOwner: Int] = [:]
        var isDraining = false
    }

    let timers: TimerTable
    let refusals: BoundRefusals
    private let state = NIOLockedValueBox(State())

    init(timers: TimerTable, refusals: BoundRefusals) {
        self.timers = timers
        self.refusals = refusals
    }

    /// How many there are.
    var count: Int { state.withLockedValue { $0.calls.count } }

    /// The call of that name.
    func call(_ id: UInt128) -> ParkedCall? { state.withLockedValue { $0.calls[id] } }

    /// Takes a call that is about to ask, once; false where there is no room.
    func add(_ call: ParkedCall) -> Bool {
        state.withLockedValue { state in
            guard !state.isDraining else { return false }
            if state.calls[call.id] != nil { return true }
            guard state.calls.count < Self.maximum,
                call.owner.digest == 0 || state.counts[call.owner, default: 0] < Self.maximumPerOwner
            else {
                refusals.count(.parkedCalls)
                return false
            }
            state.calls[call.id] = call
            state.counts[call.owner, default: 0] += 1
            return true
        }
    }

    /// Forgets a call that has been answered or given up.
    func remove(_ call: ParkedCall) {
        state.withLockedValue { state in
            guard state.calls.removeValue(forKey: call.id) != nil else { return }
            let count = state.counts[call.owner, default: 1] - 1
            state.counts[call.owner] = count > 0 ? count : nil
        }
    }

    /// Cancels every call that waits for its client, and lets no more wait. Those whose client waits for them go on as long as its request does.
    func drain() {
        let calls = state.withLockedValue { state in
            state.isDraining = true
            return Array(state.calls.values)
        }
        for call in calls { call.cancelUnlessAttached() }
    }
}
