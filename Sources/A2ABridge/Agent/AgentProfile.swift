/// What an operator says of an agent, for its card.
public struct AgentProfile: Sendable, Hashable {
    /// A name for people.
    public var name: String
    /// What it is for.
    public var description: String
    /// Its own version.
    public var version: String
    /// Who stands behind it; nil: not said.
    public var organization: String?
    /// The website of who does.
    public var organizationURL: String?
    /// A page about it.
    public var documentationURL: String?
    /// A picture of it.
    public var iconURL: String?

    /// What is said.
    public init(name: String, description: String, version: String) {
        self.name = name
        self.description = description
        self.version = version
    }
}

/// A way to say who calls an agent, as its card tells clients.
public enum AgentCredential: Sendable, Hashable {
    /// A key in a header field of this name.
    case apiKey(header: String)
    /// A token in `Authorization`, such as a JWT.
    case bearer(format: String?)
    /// A token of an issuer whose metadata is here (OpenID Connect Discovery).
    case openIDConnect(url: String)
}

extension AgentCredential {
    /// As a card names it.
    var scheme: NamedSecurityScheme {
        switch self {
        case .apiKey(let header):
            NamedSecurityScheme(name: "apiKey", scheme: SecurityScheme(kind: .apiKey(location: "header", name: header)))
        case .bearer(let format):
            NamedSecurityScheme(name: "bearer", scheme: SecurityScheme(kind: .http(scheme: "Bearer", bearerFormat: format)))
        case .openIDConnect(let url): NamedSecurityScheme(name: "openIDConnect", scheme: SecurityScheme(kind: .openIDConnect(url: url)))
        }
    }
}
