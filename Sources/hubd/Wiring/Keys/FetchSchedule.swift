/// When the keys of one issuer are fetched. A value that decides; whoever has it does the fetching, one at a time.
///
/// 1. Where the operator asks, by a start or a reload, at once.
/// 2. By time: every `interval`; after a failure, `retry` later, twice as long after each further one up to `gap`.
/// 3. Where a token names a key that is not there, at once, and then not again within `gap`: tokens with invented keys cost the issuer one
///    fetch a minute. While fetches fail, tokens hasten none.
struct FetchSchedule: Sendable {
    /// Why keys are wanted.
    enum Reason: Sendable, CaseIterable {
        /// The operator started the hub, or reloaded it.
        case configuration
        /// Keys are looked at from time to time.
        case time
        /// A token names a key that is not there.
        case token
    }

    /// What is to be done.
    enum Step: Sendable, Hashable {
        /// They are fetched; `ended` is to be called.
        case fetch
        /// They are being fetched.
        case wait
        /// What is there must do.
        case nothing
    }

    /// How often keys are looked at without a reason.
    static let interval = Duration.seconds(600)
    /// How soon after one token had the issuer asked another may.
    static let gap = Duration.seconds(60)
    /// How soon it is tried again after a failure.
    static let retry = Duration.seconds(2)

    private var failures = 0
    private var isFetching = false
    private var lastFetch: ContinuousClock.Instant?
    private var lastForToken: ContinuousClock.Instant?

    /// What is to be done for a reason.
    mutating func step(for reason: Reason, now: ContinuousClock.Instant) -> Step {
        guard !isFetching else { return .wait }
        guard isDue(reason, now) else { return .nothing }
        isFetching = true
        lastFetch = now
        if reason == .token { lastForToken = now }
        return .fetch
    }

    /// A fetch has ended.
    mutating func ended(well isGood: Bool) {
        isFetching = false
        failures = isGood ? 0 : failures + 1
    }

    private func isDue(_ reason: Reason, _ now: ContinuousClock.Instant) -> Bool {
        guard let lastFetch else { return true }
        switch reason {
        case .configuration: return true
        case .time: return now - lastFetch >= pause
        case .token:
            guard failures == 0 else { return now - lastFetch >= pause }
            return lastForToken.map { now - $0 >= Self.gap } ?? true
        }
    }

    private var pause: Duration { failures == 0 ? Self.interval : min(Self.gap, Self.retry * (1 << min(failures - 1, 5))) }
}
