/// Why a token was refused: for the log and for metrics. A caller hears `answer` and no more, whatever it was.
public struct TokenProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong. Each of them is `invalid_token` in OAuth's words (RFC 6750 §3.1).
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// No token of the compact form (RFC 7515 §7.1), too large, or a claim of a kind it cannot be of.
        case malformed
        /// An algorithm, a type or a critical extension that this issuer's tokens may not have.
        case unsupported
        /// An issuer that the hub does not know.
        case unknownIssuer
        /// No key of the issuer fits, or more than one does. Worth one look for newer keys.
        case unknownKey
        /// The signature is not the key's.
        case badSignature
        /// Its time is over.
        case expired
        /// Its time has not come.
        case notYetValid
        /// Issued for somebody else.
        case wrongAudience
    }

    /// What was wrong.
    public let kind: Kind
    /// What was wrong, in words for an operator, with nothing of the token in them.
    public let description: String
    /// The issuer whose tokens these were to be, once it is known to be one of the hub's.
    public internal(set) var issuer: String?

    /// A problem.
    public init(_ kind: Kind, _ description: String, issuer: String? = nil) {
        self.kind = kind
        self.description = description
        self.issuer = issuer
    }

    /// What a caller hears.
    public static let answer = "The access token is not valid here"
}
