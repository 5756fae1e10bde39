/// Finds out who sent a request to one entry.
///
/// Conforming types are made when a snapshot is built, are immutable, and are asked once for each request before anything is done for it.
public protocol Authenticator: Sendable {
    /// Who sent the request, or why it is refused.
    func authenticate(_ request: InboundRequest) async -> Authentication
    /// Whether what let a caller in would let them in still: what is under way for them ends where it would not.
    ///
    /// - Parameters:
    ///   - principal: who was let in.
    ///   - now: seconds since 1970.
    func stillAccepts(_ principal: Principal, now: Int64) -> Bool
    /// Whether nobody can be let in at present, because nothing that credentials are checked against has been reached yet.
    var isUnavailable: Bool { get }
}

extension Authenticator {
    /// What is checked against the configuration alone is always there.
    public var isUnavailable: Bool { false }
}

/// What came of looking at a request's credential.
public enum Authentication: Sendable, Hashable {
    /// The caller is known.
    case caller(Principal)
    /// The caller is not let in.
    case refused(AuthenticationRefusal)
}

/// Why a caller is not let in. Callers hear no more than which of these it is; what was wrong with a credential is for the log.
public struct AuthenticationRefusal: Error, Sendable, Hashable {
    /// The kinds of refusal.
    public enum Reason: Sendable, Hashable {
        /// No credential was shown.
        case missing
        /// Two credentials were shown, or one is malformed beyond telling which it is.
        case ambiguous
        /// The credential is unknown, forged, spent or not for here.
        case invalid
        /// The credential is good, and nobody in the configuration is meant by it.
        case unknownConsumer
        /// What credentials are checked against cannot be reached at present.
        case unavailable
        /// Too many bad credentials came from this address.
        case tooMany
    }

    /// Which of them.
    public var reason: Reason
    /// The value of `WWW-Authenticate` (RFC 9110 §11.6.1); nil where showing another credential would not help.
    public var challenge: String?

    /// A refusal.
    public init(_ reason: Reason, challenge: String? = nil) {
        self.reason = reason
        self.challenge = challenge
    }
}
