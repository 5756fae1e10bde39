public import HubCore

/// What the hub shows an upstream to be let in. Kept by the hub; no caller sees it.
public enum UpstreamCredential: Sendable, Hashable {
    /// A header field.
    case header(name: String, value: Secret)
    /// A query parameter.
    case query(name: String, value: Secret)
    /// A cookie.
    case cookie(name: String, value: Secret)
    /// RFC 7617.
    case basic(username: String, password: Secret)
    /// RFC 6750.
    case bearer(Secret)
    /// A token of the hub's own, by client credentials (RFC 6749 §4.4).
    case oauthClient(TokenService)
    /// The caller's token, exchanged for one of the upstream (RFC 8693).
    case tokenExchange(TokenService, subject: SubjectTokenType)
    /// A token of a sign-in by an operator (RFC 6749 §4.1).
    case signIn(SignInSettings)
    /// AWS Signature Version 4.
    case sigv4(AWSCredential)
    /// Alibaba Cloud's ACS3-HMAC-SHA256.
    case alibaba(AlibabaCredential)

    /// What of it may not come back in an answer; the values that are made for one request come on top.
    var secrets: [String] {
        switch self {
        case .header(_, let value), .query(_, let value), .cookie(_, let value), .bearer(let value): [value.revealed]
        case .basic(let username, let password): [password.revealed, Base64.encode(Array("\(username):\(password.revealed)".utf8))]
        case .oauthClient(let service), .tokenExchange(let service, _): [service.clientSecret.revealed]
        case .signIn(let settings): settings.clientSecret.map { [$0.revealed] } ?? []
        case .sigv4(let credential): [credential.secret.revealed] + (credential.sessionToken.map { [$0.revealed] } ?? [])
        case .alibaba(let credential): [credential.secret.revealed] + (credential.securityToken.map { [$0.revealed] } ?? [])
        }
    }
}

/// Where tokens are issued, how the hub proves to be itself there, and what it asks for.
public struct TokenService: Sendable, Hashable {
    /// Where client identifier and secret stand (RFC 6749 §2.3.1).
    public enum ClientAuthentication: String, Sendable, Hashable {
        /// In `Authorization`.
        case basic
        /// In the form.
        case post
        /// The identifier in the form, and no secret.
        case none
    }

    /// The token endpoint; https but on this machine.
    public var address: HTTPAddress
    /// The client identifier.
    public var clientID: String
    /// The client secret.
    public var clientSecret: Secret
    /// Where the two stand.
    public var authentication: ClientAuthentication
    /// What is asked for (RFC 6749 §3.3).
    public var scopes: [String]
    /// Whom the token is for, by name (RFC 8693 §2.1); for client credentials, as several vendors take it.
    public var audience: String?
    /// Whom the token is for, by URI (RFC 8707 §2).
    public var resource: String?
    /// Who vouches for the token endpoint's certificate; nil means the system's authorities.
    public var authorities: CertificateAuthorities?
    /// What comes after the path of the address: a slash, a query.
    var suffix = ""
    /// Whether the operator wrote the address. One that only a document names may not be private.
    var isOperatorNamed = true

    /// A token service.
    public init(
        address: HTTPAddress, clientID: String, clientSecret: Secret, authentication: ClientAuthentication = .basic, scopes: [String] = [],
        audience: String? = nil, resource: String? = nil, authorities: CertificateAuthorities? = nil
    ) {
        self.address = address
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.authentication = authentication
        self.scopes = scopes
        self.audience = audience
        self.resource = resource
        self.authorities = authorities
    }
}

/// What a caller's token is, for whoever exchanges it (RFC 8693 §3).
public enum SubjectTokenType: String, Sendable, Hashable {
    /// An access token of any form.
    case accessToken = "urn:ietf:params:oauth:token-type:access_token"
    /// A JSON Web Token.
    case jwt = "urn:ietf:params:oauth:token-type:jwt"
    /// An OpenID Connect ID token.
    case idToken = "urn:ietf:params:oauth:token-type:id_token"
}

/// An access key of AWS, and what its signatures are for.
public struct AWSCredential: Sendable, Hashable {
    /// The access key's identifier.
    public var id: String
    /// The access key's secret.
    public var secret: Secret
    /// The session token that belongs to a temporary key.
    public var sessionToken: Secret?
    /// The region.
    public var region: String
    /// The service's name in signatures.
    public var service: String

    /// An access key.
    public init(id: String, secret: Secret, sessionToken: Secret? = nil, region: String, service: String) {
        self.id = id
        self.secret = secret
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }
}

/// An access key of Alibaba Cloud.
public struct AlibabaCredential: Sendable, Hashable {
    /// The access key's identifier.
    public var id: String
    /// The access key's secret.
    public var secret: Secret
    /// The token that belongs to a temporary key.
    public var securityToken: Secret?
    /// `x-acs-action` of requests that say none.
    public var action: String?
    /// `x-acs-version` of requests that say none.
    public var version: String?

    /// An access key.
    public init(id: String, secret: Secret, securityToken: Secret? = nil, action: String? = nil, version: String? = nil) {
        self.id = id
        self.secret = secret
        self.securityToken = securityToken
        self.action = action
        self.version = version
    }
}
