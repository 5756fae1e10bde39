import NIOConcurrencyHelpers

/// How the ways to the services of all Model APIs are doing, and whose turn it is. One for the hub; it outlives every snapshot, as it is kept by
/// the names of the configuration, so that a reload forgets nothing.
public final class ModelServiceHealth: Sendable {
    private struct State {
        /// Of those of which there is something to say.
        var members: [String: MemberHealth] = [:]
        /// How often each service with several ways was used.
        var turns: [String: Int] = [:]
    }

    /// How many names are known at most; a configuration that changes its names all the time leaves none behind for ever.
    private static let maximumNames = 10_000

    private let state = NIOLockedValueBox(State())
    private let now: @Sendable () -> ContinuousClock.Instant

    /// All are well.
    ///
    /// - Parameter now: the clock; nil: the system's.
    public init(now: (@Sendable () -> ContinuousClock.Instant)? = nil) { self.now = now ?? { .now } }

    /// The members of a service in the order in which they are to be tried: those that do not rest by turns, then those that rest, the one that
    /// wakes first before the others.
    ///
    /// - Parameter names: of all of its members, the same all over the hub for the same thing.
    /// - Returns: places in `names`, and how many of them do not rest.
    func order(of names: [String], service: String) -> (places: [Int], awake: Int) {
        let now = now()
        return state.withLockedValue { state in
            var first = 0
            if names.count > 1 {
                if state.turns.count >= Self.maximumNames { state.turns = [:] }
                first = state.turns[service, default: 0] % names.count
                state.turns[service] = first + 1
            }
            let turn = (0..<names.count).map { (first + $0) % names.count }
            let awake = turn.filter { !(state.members[names[$0]]?.isResting(at: now) ?? false) }
            let resting = turn.filter { !awake.contains($0) }
                .sorted { (state.members[names[$0]]?.wakes ?? now) < (state.members[names[$1]]?.wakes ?? now) }
            return (awake + resting, awake.count)
        }
    }

    /// In how long the first of some members wakes; nil where one does not rest.
    func rest(of names: [String]) -> Duration? {
        let now = now()
        return state.withLockedValue { state in
            let wakes = names.compactMap { name in state.members[name].flatMap { $0.isResting(at: now) ? $0.wakes : nil } }
            return wakes.count == names.count ? wakes.min().map { now.duration(to: $0) } : nil
        }
    }

    /// A member answered.
    func succeed(_ name: String) {
        let now = now()
        state.withLockedValue { state in
            guard var member = state.members[name] else { return }
            member.succeed(at: now)
            state.members[name] = member.isBlank ? nil : member
        }
    }

    /// A member failed.
    func fail(_ name: String, _ error: ProviderError) {
        let now = now()
        state.withLockedValue { state in
            if state.members.count >= Self.maximumNames, state.members[name] == nil {
                state.members = state.members.filter { $0.value.isResting(at: now) }
                guard state.members.count < Self.maximumNames else { return }
            }
            var member = state.members[name] ?? MemberHealth()
            member.fail(error, at: now)
            state.members[name] = member.isBlank ? nil : member
        }
    }
}
