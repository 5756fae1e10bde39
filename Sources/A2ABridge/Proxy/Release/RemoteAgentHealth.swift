/// Whether one release of an agent elsewhere answers, by what happened to the requests that were sent there.
public struct RemoteAgentHealth: Sendable, Hashable {
    /// What is known.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Nothing was asked of it yet.
        case unknown
        /// It answered last.
        case up
        /// It did not answer several times on end.
        case away
    }

    typealias Instant = ContinuousClock.Instant

    /// What is known.
    public private(set) var state = State.unknown
    /// How many requests on end it has not answered.
    public private(set) var failures = 0
    /// Since when its card is known; nil: it never was.
    public internal(set) var cardRead: ContinuousClock.Instant?
    /// When its card is to be asked for.
    private(set) var due: Instant?

    /// After so many failures on end it is away.
    static let patience = 3
    /// How long a card is good that was read.
    static let refreshInterval = Duration.seconds(60)
    /// How long to wait with the next look at a release whose card could not be read; doubled with each failure.
    static let retryInterval = Duration.seconds(2)
    private static let longestRetry = Duration.seconds(60)

    init() {}

    /// It answered, whatever it said.
    mutating func answered() { (state, failures) = (.up, 0) }

    /// It did not answer, or not in its words.
    mutating func failed() {
        failures = min(failures + 1, 1_000)
        if failures >= Self.patience { state = .away }
    }

    /// Whether it is time to ask for its card; whoever is told so does it.
    mutating func isDue(now: Instant) -> Bool {
        guard due.map({ $0 <= now }) ?? true else { return false }
        due = now + Self.longestRetry  // should whoever asks never come back
        return true
    }

    /// Its card was asked for: when to do so next.
    mutating func looked(isThere: Bool, now: Instant) {
        if isThere {
            answered()
            cardRead = now
            due = now + Self.refreshInterval
        } else {
            failed()
            due = now + min(Self.retryInterval * (1 << min(failures - 1, 5)), Self.longestRetry)
        }
    }
}
