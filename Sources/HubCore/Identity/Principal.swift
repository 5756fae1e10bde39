/// Who calls: what is left of a credential once it has been checked. Every protocol, transport and form of credential ends in one of these.
public struct Principal: Sendable, Hashable {
    /// The consumer that is billed, a name of the configuration; `anonymous` where nobody was asked.
    public var consumer: String
    /// The groups the consumer is in, by the configuration or by the word of whoever issued the token.
    public var groups: Set<ExactText>
    /// Which of the consumer's credentials let the caller in; nil where nobody was asked.
    public var credential: CredentialID?
    /// What an OAuth token was issued for (RFC 6749 §3.3); nil for a credential that knows no scopes.
    public var scopes: Set<String>?
    /// Seconds since 1970 at which the credential ends; nil for one that lasts until it is revoked.
    public var expiry: Int64?
    /// What the caller's token says, for rules that look at it; nil for a credential that says nothing.
    public var claims: CallerClaims?
    /// The caller's token, for an upstream that exchanges it for one of its own (RFC 8693 §2.1). It is sent nowhere else.
    public var subjectToken: Secret?

    /// A caller.
    public init(
        consumer: String, groups: Set<ExactText> = [], credential: CredentialID?, scopes: Set<String>? = nil, expiry: Int64? = nil,
        claims: CallerClaims? = nil, subjectToken: Secret? = nil
    ) {
        self.consumer = consumer
        self.groups = groups
        self.credential = credential
        self.scopes = scopes
        self.expiry = expiry
        self.claims = claims
        self.subjectToken = subjectToken
    }

    /// The caller of an entry that asks for no credential.
    public static let anonymous = Principal(consumer: "anonymous", credential: nil)
}

/// Names one credential without giving it away: stable over reloads and restarts, so that what it opened can be ended when it is revoked.
public struct CredentialID: Sendable, Hashable, CustomStringConvertible {
    /// The ways in.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A key that is sent as it is.
        case apiKey
        /// A signed token of an issuer (RFC 7519).
        case jwt
        /// A request signed with a shared secret.
        case hmac
        /// An access token that was issued for this server alone (RFC 9068, RFC 8707).
        case oauth
    }

    /// The way in.
    public let kind: Kind
    /// Which one: the beginning of a key's digest, issuer and subject of a token, the name of a signing key.
    public let name: String

    /// A name.
    public init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }

    /// The kind and the name.
    public var description: String { "\(kind.rawValue):\(name)" }
}
