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
    /// Nobody is signed in at the server of that name, as is needed.
    case signedOut(SignedOut, server: String)

    /// What is the matter with a sign-in.
    enum SignedOut: Sendable {
        /// There is none for the address.
        case never
        /// It has ended.
        case over
        /// It does not cover what was called.
        case scopes
    }

    /// Whether whoever reads the log has not heard of it before: that nobody is signed in is said where it begins.
    var isNews: Bool { if case .signedOut = self { false } else { true } }

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
        case .signedOut(.never, let server):
            HubError(.upstreamFailed, "The hub is not signed in there; an operator can sign in: hubd signin \(server)")
        case .signedOut(.over, let server):
            HubError(.upstreamFailed, "The hub's sign-in there has ended; an operator can sign in again: hubd signin \(server)")
        case .signedOut(.scopes, let server):
            HubError(.upstreamFailed, "The hub's sign-in there does not cover this; an operator can sign in again: hubd signin \(server)")
        case .bodyIsStream:
            HubError(.invalidRequest, "Requests to the upstream are signed, so that the body must be sent whole", cause: self)
        }
    }
}
