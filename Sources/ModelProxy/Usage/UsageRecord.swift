/// What one call of a model took, whoever pays for it.
public struct UsageRecord: Sendable, Hashable {
    /// How a call ended.
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// The provider's answer reached the caller whole.
        case served
        /// The caller got an error and nothing else.
        case failed
        /// The answer broke off after it had begun.
        case interrupted
        /// The caller left, or the hub stopped, before the end.
        case abandoned
    }

    /// One time that a call was handed to a provider.
    public struct Attempt: Sendable, Hashable {
        /// The service, by its name in the API.
        public var service: String
        /// What the provider was asked for.
        public var model: String
        /// What went wrong, in the word that errors have for it, such as `rate_limit_exceeded`; nil: nothing.
        public var failure: String?
    }

    /// The id that the caller was told.
    public var requestID: String
    /// The Model API.
    public var api: String
    /// Who is billed.
    public var consumer: String
    /// The name of the provider that answered, or failed last.
    public var provider: String
    /// What was asked for, a path of `ModelRoute`.
    public var route: ModelRoute
    /// The model that the caller asked for; empty where it names none.
    public var model: String
    /// What the provider was asked for.
    public var providerModel: String
    /// Whether the answer was wanted in pieces.
    public var isStreaming: Bool
    /// How it ended.
    public var outcome = Outcome.abandoned
    /// Everything that was tried, in order; more than one where it fell back.
    public var attempts: [Attempt] = []
    /// Whether the answer was one that the hub had kept: no provider was asked, and nobody pays for a token.
    public var isFromCache = false
    /// Whether the provider gave no counts, so that `input` and `output` are made from the length of the texts.
    public var isEstimated = false
    /// Tokens of the request, cached or not.
    public var input = 0
    /// Of those, read from the provider's cache.
    public var cachedInput = 0
    /// Of those, written to it.
    public var cacheWrite = 0
    /// Tokens of the answer, reasoning included.
    public var output = 0
    /// Of those, thoughts.
    public var reasoning = 0
    /// Of the request, sound.
    public var audioInput = 0
    /// Of the answer, sound.
    public var audioOutput = 0
}

/// Takes the records of all calls: exactly one for each that was handed to a provider or answered from the cache, at its last
/// byte, however it ended.
public protocol UsageSink: Sendable {
    /// Takes one. Called on the path of the call, so that it must not wait.
    func take(_ record: UsageRecord)
}

/// Keeps nothing.
public struct NoUsageSink: UsageSink {
    /// A sink.
    public init() {}

    /// Lets it go.
    public func take(_ record: UsageRecord) {}
}
