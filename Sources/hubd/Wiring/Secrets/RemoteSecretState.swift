import HubCore

/// What is known of one secret that is kept elsewhere, and what to do next about it. No input or output, no clock.
///
/// 1. A value is used for five minutes before it is asked for again, and goes on being used meanwhile.
/// 2. While the place is away, the last value serves for an hour after it was read. One that is gone there, or that hour over, is given up.
/// 3. After a failure nothing is asked for ten seconds, whoever wants it.
/// 4. Of many who want a value that nobody has yet, one asks, and the others wait for the answer.
struct RemoteSecretState: Sendable {
    /// How long a value serves before it is asked for again.
    static let lifetime = Duration.seconds(300)
    /// How long a value serves after it was read, if it cannot be read again.
    static let staleLimit = Duration.seconds(3600)
    /// How long nothing is asked after a failure.
    static let pause = Duration.seconds(10)

    /// What who wants the value is to do.
    enum Demand: Sendable, Hashable {
        /// Use this.
        case value(Secret)
        /// Do without.
        case failure(SecretError)
        /// Ask the place and hand the answer to `finish`.
        case read
        /// Wait until somebody else has.
        case wait
    }

    /// What an answer means to those who use the secret.
    struct Change: Sendable, Hashable {
        /// Whether the value in force is another one, or is there or gone now.
        var isValueNew = false
        /// The first failure after a success.
        var outage: SecretError?
        /// Whether it is the first success after a failure.
        var isRecovery = false
    }

    private var value: Secret?
    private var readAt: ContinuousClock.Instant?
    private var failure: SecretError?
    private var failedAt: ContinuousClock.Instant?
    /// Whether somebody asks the place.
    private(set) var isReading = false

    /// Nothing is known.
    init() {}

    /// What to do about the value.
    ///
    /// - Parameter isForced: a value that is known is asked for again, as on a reload, but not during the pause.
    mutating func demand(now: ContinuousClock.Instant, isForced: Bool) -> Demand {
        let mayAsk = failedAt.map { now - $0 >= Self.pause } ?? true
        if isForced, mayAsk, !isReading {
            isReading = true
            return .read
        }
        if let value { return .value(value) }
        if isReading { return .wait }
        if let failure, !mayAsk { return .failure(failure) }
        isReading = true
        return .read
    }

    /// Whether it is time to ask again in the background; who gets true has to, and hand the answer to `finish`.
    mutating func takeDue(now: ContinuousClock.Instant) -> Bool {
        guard !isReading, failedAt.map({ now - $0 >= Self.pause }) ?? true else { return false }
        guard failure != nil || (readAt.map { now - $0 >= Self.lifetime } ?? true) else { return false }
        isReading = true
        return true
    }

    /// Takes the answer of the place.
    mutating func finish(_ answer: Result<Secret, SecretError>, now: ContinuousClock.Instant) -> Change {
        isReading = false
        switch answer {
        case .success(let fresh):
            // The first value is not new to anybody, unless somebody had to do without.
            let change = Change(isValueNew: fresh != value && (value != nil || failure != nil), isRecovery: failure != nil)
            (value, readAt, failure, failedAt) = (fresh, now, nil, nil)
            return change
        case .failure(let error):
            var change = Change(outage: failure == nil ? error : nil)
            (failure, failedAt) = (error, now)
            if error.kind == .missing, value != nil {
                value = nil
                change.isValueNew = true
            }
            return change
        }
    }

    /// The one who was to ask has been told to stop: the next may.
    mutating func giveUp() { isReading = false }

    /// Gives up a value that could not be read again for too long; whether there was one.
    mutating func expire(now: ContinuousClock.Instant) -> Bool {
        guard value != nil, failure != nil, let readAt, now - readAt >= Self.staleLimit else { return false }
        value = nil
        return true
    }
}
