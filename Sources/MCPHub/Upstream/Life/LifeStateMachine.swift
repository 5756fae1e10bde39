/// When a server is reached for, and when its lists are read. Knows no clock and no server: it is told what happened, and says what is next.
///
/// 1. A server that is away is reached for at once, and after each failure later than after the one before it.
/// 2. Word that a list changed has the lists read after a moment in which more words come; words that keep coming make the moment longer.
/// 3. Without word the lists are read again after `refresh`.
struct LifeStateMachine {
    typealias Instant = ContinuousClock.Instant

    /// What is to be done now.
    enum Step: Equatable {
        /// Open a session and read the lists.
        case reach
        /// Read the lists.
        case list
        /// Nothing before that time, or before something happens.
        case wait(until: Instant?)
    }

    /// After the first failure, and after many.
    static let shortestDelay = Duration.seconds(1)
    static let longestDelay = Duration.seconds(60)
    /// How long a session must have lasted for what failed before it to be forgotten.
    static let trial = Duration.seconds(10)
    /// How long words of changes are gathered, at first and where they keep coming.
    static let shortestPace = Duration.milliseconds(200)
    static let longestPace = Duration.seconds(5)
    /// How often the lists are read because a call needs them.
    static let wantedPace = Duration.seconds(1)

    private enum Phase {
        case away(until: Instant?)
        case here(since: Instant)
    }

    private let refresh: Duration?
    private var phase = Phase.away(until: nil)
    private var failures = 0
    private var pace = shortestPace
    private var listed: Instant?
    private var listDue: Instant?
    /// When somebody last needed the lists as they were then.
    private var wanted: Instant?

    init(refresh: Duration?) {
        self.refresh = refresh
    }

    /// Whether there is a session that listed.
    var isHere: Bool { if case .here = phase { true } else { false } }
    /// Whether it has been away for longer than one attempt.
    var isFailing: Bool { !isHere && failures > 0 }

    /// What is next.
    func step(now: Instant) -> Step {
        switch phase {
        case .away(let until):
            guard let until, until > now else { return .reach }
            return .wait(until: until)
        case .here:
            let due = [listDue, refresh.flatMap { refresh in listed.map { $0 + refresh } }].compactMap(\.self).min()
            guard let due, due <= now else { return .wait(until: due) }
            return .list
        }
    }

    /// The lists are about to be read: what is heard from now on has them read again.
    mutating func listing() { listDue = nil }

    /// A session is there, and its lists have been read.
    mutating func reached(now: Instant) {
        phase = .here(since: now)
        listed = now
    }

    /// The lists have been read again.
    mutating func relisted(now: Instant) { listed = now }

    /// The server could not be reached, or its session ended. `chance` is between 0 and 1: servers that went away together do not come back
    /// together.
    mutating func lost(now: Instant, chance: Double) {
        if case .here(let since) = phase, now - since >= Self.trial { failures = 0 }
        let delay = failures < 6 ? Self.shortestDelay * (1 << failures) : Self.longestDelay
        phase = .away(until: now + min(delay, Self.longestDelay) * (0.5 + min(max(chance, 0), 1) / 2))
        failures += 1
        listDue = nil
    }

    /// The server said that a list changed.
    mutating func heard(now: Instant) {
        guard listDue == nil else { return }
        let isSoon = listed.map { now - $0 < pace * 2 } ?? false
        pace = isSoon ? min(pace * 2, Self.longestPace) : Self.shortestPace
        listDue = now + pace
    }

    /// A call has failed in a way that makes one doubt that the server is there: the lists are read, unless they were just now.
    mutating func doubted(now: Instant) {
        guard isHere, listed.map({ now - $0 >= Self.trial }) ?? true else { return }
        wantsList(now: now)
    }

    /// Somebody needs the lists as they are now: callers can bring that about, so that it is heeded once in `wantedPace`.
    mutating func wantsList(now: Instant) {
        let due = wanted.map { max(now, $0 + Self.wantedPace) } ?? now
        listDue = min(listDue ?? due, due)
        wanted = max(wanted ?? due, due)
    }
}
