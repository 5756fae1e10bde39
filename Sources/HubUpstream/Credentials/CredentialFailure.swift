import HubCore

/// Why the hub has nothing to show an upstream. Never holds a token, a key or what a token service said in free text.
enum CredentialFailure: Error, Sendable {
    /// The upstream wants the caller's own token, exchanged, and the caller showed none. The hub's own is never taken in its place.
    case noSubjectToken
    /// The token service says no; `code` is its word of RFC 6749 §5.2 where it gave one.
    case refused(status: Int, code: String?)
    /// The token service cannot be reached, or fails.
    case unavailable(any Error)
    /// The token service answered with a status that says neither yes nor no.
    case odd(status: Int)
    /// The token service's answer holds no token that can be used, and why.
    case malformed(String)
    /// The signature covers the body, which is sent as it comes.
    case bodyIsStream

    /// What a caller may know of it.
    var error: HubError {
        switch self {
        case .noSubjectToken:
            HubError(
                .upstreamFailed, "The upstream is called in the caller's name, and the caller showed no token to exchange", cause: self)
        case .refused: HubError(.upstreamFailed, "The upstream's token service gives the hub no token", cause: self)
        case .unavailable(let error as HubError) where error.code == .upstreamTimeout:
            HubError(.upstreamTimeout, "The upstream's token service did not answer in time", cause: self)
        case .unavailable, .odd, .malformed: HubError(.upstreamFailed, "The upstream's token service failed to answer", cause: self)
        case .bodyIsStream:
            HubError(.invalidRequest, "Requests to the upstream are signed, so that the body must be sent whole", cause: self)
        }
    }
}
