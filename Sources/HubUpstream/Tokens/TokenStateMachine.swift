import HubCore

/// One token that many requests share: none yet, in force, about to end, refused. No input or output, and time comes as values.
///
/// 1. A token is used to its end. It is renewed ahead of that, by the first request that comes in the last part of its life.
/// 2. However many wait for a token, it is asked for once.
/// 3. Where that fails, the token that is there is used as long as it lives; without one, whoever waits fails, and so does whoever comes
///    before the pause is over. Pauses grow from half a second to ten.
/// 4. Where an upstream refuses a token, the request waits for the next one, once. After that, for ten seconds, refusals are left as they
///    are: an upstream that always says no does not have the hub ask for tokens without end.
struct TokenStateMachine: Sendable {
    /// A token in force.
    struct Token: Sendable {
        /// Counts the tokens of this machine, from 1.
        let number: Int
        /// The token.
        let value: Secret
        /// When it ends.
        let end: ContinuousClock.Instant
        /// From when on it is renewed.
        let renewal: ContinuousClock.Instant
        /// Takes it, and the one before it, out of answers.
        let redaction: Redaction
    }

    /// What a request does.
    enum Action: Sendable {
        /// Shows a token; `renews` where it also has the next one asked for, without waiting.
        case use(Token, renews: Bool)
        /// Waits; `asks` where it has the token asked for.
        case wait(asks: Bool)
        /// Fails.
        case fail(CredentialFailure)
    }

    /// Which part of its life a token is used before it is renewed.
    private let share: Double
    private(set) var token: Token?
    private var count = 0
    private var isAsking = false
    private var failures = 0
    private var failure: CredentialFailure?
    private var pauseEnd: ContinuousClock.Instant?
    private var refusalEnd: ContinuousClock.Instant?

    private static let longestPause = Duration.seconds(10)
    /// So long before its end a token is renewed, unless that is more than half of its life.
    private static let lead = Duration.seconds(30)

    /// - Parameter share: 0 … 1; a token that lives shorter than two and a half minutes is renewed earlier.
    init(share: Double = 0.8) {
        self.share = share
    }

    /// The token that a request can use where nothing else is to be done; nil where something is.
    func settled(refused: Int = 0, now: ContinuousClock.Instant) -> Token? {
        guard let token, now < token.renewal || isAsking && now < token.end, token.number > refused else { return nil }
        return token
    }

    /// A request wants a token.
    ///
    /// - Parameter refused: the number of a token that does not do any more; 0 for none.
    mutating func wants(refused: Int = 0, now: ContinuousClock.Instant) -> Action {
        let mayAsk = !isAsking && pauseEnd.map { now >= $0 } ?? true
        if let token, now < token.end, token.number > refused {
            let renews = mayAsk && now >= token.renewal
            if renews { isAsking = true }
            return .use(token, renews: renews)
        }
        if isAsking { return .wait(asks: false) }
        if !mayAsk, let failure { return .fail(failure) }
        isAsking = true
        return .wait(asks: true)
    }

    /// A request whose token the upstream refused wants to know whether to wait for another one.
    mutating func isReplaceable(refused number: Int, now: ContinuousClock.Instant) -> Bool {
        if let token, token.number > number { return true }
        if isAsking { return true }
        guard refusalEnd.map({ now >= $0 }) ?? true else { return false }
        refusalEnd = now + Self.longestPause
        return true
    }

    /// The service gave a token that was asked for at `asked`.
    mutating func obtained(_ grant: TokenGrant, asked: ContinuousClock.Instant) -> Token {
        count += 1
        let ahead = min(Self.lead, grant.life / 2)
        let new = Token(
            number: count, value: grant.token, end: asked + grant.life, renewal: asked + min(grant.life * share, grant.life - ahead),
            redaction: Redaction(values: [grant.token.revealed] + (token.map { [$0.value.revealed] } ?? [])))
        token = new
        isAsking = false
        (failures, failure, pauseEnd) = (0, nil, nil)
        return new
    }

    /// The service gave none.
    mutating func failed(_ failure: CredentialFailure, now: ContinuousClock.Instant) {
        isAsking = false
        failures = min(failures + 1, 6)
        self.failure = failure
        pauseEnd = now + min(Self.longestPause, .milliseconds(250 << failures))
    }
}
