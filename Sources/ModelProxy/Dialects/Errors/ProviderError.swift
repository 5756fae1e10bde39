import HTTPTypes
import HubCore

/// What went wrong at a provider, in the words of no dialect. What becomes of it, a retry, another provider or an answer, is decided by its kind.
struct ProviderError: Error, Sendable, Hashable {
    /// The kinds that something is made of.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Too many requests or tokens in a time; waiting helps.
        case rateLimit = "rate_limit_exceeded"
        /// The account has nothing left; waiting does not help.
        case quota = "insufficient_quota"
        /// The provider is at its limit, whoever asks.
        case overload = "overloaded"
        /// The request is longer than the model can read.
        case contextLength = "context_length_exceeded"
        /// The provider does not want to read or answer this.
        case contentFilter = "content_filter"
        /// The hub's credential is not accepted, or not for this.
        case authentication = "upstream_refused"
        /// There is no such model.
        case notFound = "model_not_found"
        /// The request cannot be served as it is.
        case badRequest = "invalid_request"
        /// The request is larger than the provider takes.
        case tooLarge = "request_too_large"
        /// The provider failed.
        case server = "upstream_failed"
        /// The provider took too long.
        case timeout = "upstream_timeout"
        /// The connection broke off, or what came makes no sense.
        case network = "upstream_broke_off"
    }

    /// The kind.
    var kind: Kind
    /// What a caller may read.
    var message: String
    /// How long to wait; nil where the provider does not say. At most an hour.
    var retryAfter: Duration?
    /// The member of the request that is meant.
    var parameter: String?

    /// An error in the hub's own words.
    init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil, parameter: String? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
        self.parameter = parameter
    }

    /// A refusal of the hub's own.
    init(_ refusal: RequestRefusal) {
        self.init(.badRequest, refusal.message, parameter: refusal.parameter)
    }

    /// A stream ended before its answer did.
    static let cut = ProviderError(.network, "The provider's answer broke off")
    /// What came is not what the dialect says.
    static let damaged = ProviderError(.network, "The provider's answer makes no sense")

    /// Whether the request itself is at fault, so that no provider of this model would serve it.
    var isAboutRequest: Bool {
        switch kind {
        case .contextLength, .contentFilter, .notFound, .badRequest, .tooLarge: true
        case .rateLimit, .quota, .overload, .authentication, .server, .timeout, .network: false
        }
    }

    /// The status of an answer that is nothing else. A refused credential is the hub's fault, not the caller's.
    var status: HTTPResponse.Status {
        switch kind {
        case .rateLimit, .quota: .tooManyRequests
        case .overload: .serviceUnavailable
        case .contextLength, .contentFilter, .badRequest: .badRequest
        case .notFound: .notFound
        case .tooLarge: .contentTooLarge
        case .authentication, .server, .network: .badGateway
        case .timeout: .gatewayTimeout
        }
    }

    /// Header fields that tell a client when, or whether, to try again.
    var fields: HTTPFields {
        var fields = HTTPFields()
        if let retryAfter {
            fields[.retryAfter] = String(max(1, retryAfter.components.seconds + (retryAfter.components.attoseconds > 0 ? 1 : 0)))
        }
        if isAboutRequest || kind == .quota || kind == .authentication { fields[.shouldRetry] = "false" }
        return fields
    }
}
