/// A way to show who calls, as a description declares it. Kept as data: the credential itself comes from the operator.
public struct SecurityScheme: Sendable, Hashable {
    /// What is shown, and where.
    public enum Kind: Sendable, Hashable {
        /// A key in a header, the query or a cookie of this name.
        case apiKey(name: String, place: ArgumentBinding.Place)
        /// An HTTP authentication scheme in lower case, such as `basic` or `bearer` (RFC 9110 §16.4.1).
        case http(scheme: String)
        /// OAuth 2.0 with these flows.
        case oauth2([OAuthFlow])
        /// OpenID Connect, found at this address.
        case openIDConnect(url: String)
        /// A client certificate.
        case mutualTLS
        /// A kind this version does not know.
        case unknown(String)
    }

    /// One flow of OAuth 2.0.
    public struct OAuthFlow: Sendable, Hashable {
        /// `authorizationCode`, `clientCredentials`, `password`, `implicit` or another name.
        public var name: String
        /// Where tokens come from.
        public var tokenURL: String?
        /// The scopes it offers, in document order.
        public var scopes: [String]
    }

    /// What is shown, and where.
    public var kind: Kind
    /// What the description says about it, as plain text.
    public var description: String?
}

/// Schemes that have to be satisfied together.
public struct SecurityRequirement: Sendable, Hashable {
    /// A scheme by name, with the scopes it has to grant.
    public struct Use: Sendable, Hashable {
        /// The name under which the description declares the scheme.
        public var scheme: String
        /// The scopes.
        public var scopes: [String]
    }

    /// All of these together; none: anonymous calls are welcome.
    public var schemes: [Use]
}
