/// What is known of one way to a provider: whether it rests, and why. Time comes in as a value.
///
/// 1. At a limit it rests for as long as the provider says, otherwise 5 seconds; where the account or the credential is refused, a minute.
/// 2. After three failures in a row it rests half a minute, each further time half a minute more, up to five.
/// 3. An answer ends a row of failures. A request that is itself at fault is answered.
struct MemberHealth: Sendable, Hashable {
    private static let longestRest = Duration.seconds(600)
    private static let failuresBeforeRest = 3
    private static let mostFailureRests = 10

    /// When it is used again; nil: it does not rest.
    private(set) var wakes: ContinuousClock.Instant?
    private var failures = 0
    private var rests = 0

    /// Whether it is as if nothing had ever been known of it.
    var isBlank: Bool { wakes == nil && failures == 0 && rests == 0 }

    func isResting(at now: ContinuousClock.Instant) -> Bool { wakes.map { $0 > now } ?? false }

    /// It answered.
    mutating func succeed(at now: ContinuousClock.Instant) {
        // An answer that had begun before a limit was reached does not take that back.
        guard !isResting(at: now) else { return }
        self = MemberHealth()
    }

    /// It failed.
    mutating func fail(_ error: ProviderError, at now: ContinuousClock.Instant) {
        switch error.kind {
        case .rateLimit: rest(error.retryAfter ?? .seconds(5), from: now)
        case .quota, .authentication: rest(.seconds(60), from: now)
        case .overload where error.retryAfter != nil: rest(error.retryAfter ?? .zero, from: now)
        case .overload, .server, .timeout, .network:
            failures += 1
            guard failures >= Self.failuresBeforeRest else { return }
            failures = 0
            rests = min(rests + 1, Self.mostFailureRests)
            rest(.seconds(30 * rests), from: now)
        case .contextLength, .contentFilter, .notFound, .badRequest, .tooLarge: succeed(at: now)
        }
    }

    private mutating func rest(_ time: Duration, from now: ContinuousClock.Instant) {
        let end = now + min(max(.zero, time), Self.longestRest)
        wakes = wakes.map { max($0, end) } ?? end
    }
}
