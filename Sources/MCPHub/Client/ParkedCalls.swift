import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The calls that wait for their clients to come back with answers: those of clients of 2026-07-28 to servers that ask in the middle of a call.
final class ParkedCalls: Sendable {
    /// How many wait at once, and how many for one caller: a credential, or an address without one.
    static let maximum = 1_000
    static let maximumPerOwner = 32
    /// How many those without a credential have together, so that the others find room.
    static let maximumOfAnonymous = maximum - maximum / 4
    /// How long a call waits for its client.
    static let limit = Duration.seconds(RequestState.lifetime)
    /// How long it waits in any case, and how often it is looked after that whether others wait for what it holds.
    static let patience = Duration.seconds(60)
    static let interval = Duration.seconds(5)

    private struct State {
        var calls: [UInt128: ParkedCall] = [:]
        var counts: [ParkedOwner: Int] = [:]
        var anonymous = 0
        var isDraining = false

        mutating func count(_ change: Int, for owner: ParkedOwner) {
            let count = counts[owner, default: 0] + change
            counts[owner] = count > 0 ? count : nil
            if owner.isAnonymous { anonymous += change }
        }
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
            guard state.calls.count < Self.maximum, state.counts[call.owner, default: 0] < Self.maximumPerOwner,
                !call.owner.isAnonymous || state.anonymous < Self.maximumOfAnonymous
            else {
                refusals.count(.parkedCalls)
                return false
            }
            state.calls[call.id] = call
            state.count(1, for: call.owner)
            return true
        }
    }

    /// Forgets a call that has been answered or given up.
    func remove(_ call: ParkedCall) {
        state.withLockedValue { state in
            guard state.calls.removeValue(forKey: call.id) != nil else { return }
            state.count(-1, for: call.owner)
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
