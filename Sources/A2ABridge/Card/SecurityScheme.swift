/// A name of a security scheme, with the scopes that are needed of it.
struct RequiredScheme: Sendable, Hashable {
    /// The name.
    var name: String
    /// The scopes.
    var scopes: [String]
}

/// What a caller needs: all of these.
struct SecurityRequirement: Sendable, Hashable {
    /// The schemes.
    var schemes: [RequiredScheme]
}

/// A security scheme under its name.
struct NamedSecurityScheme: Sendable, Hashable {
    /// What requirements call it.
    var name: String
    /// The scheme.
    var scheme: SecurityScheme
}

/// A way to say who calls, after OpenAPI.
struct SecurityScheme: Sendable, Hashable {
    /// What way it is.
    enum Kind: Sendable, Hashable {
        /// A key in a header field, the query or a cookie.
        case apiKey(location: String, name: String)
        /// HTTP authentication.
        case http(scheme: String, bearerFormat: String?)
        /// OAuth 2. Of several flows 1.0 says but the first.
        case oauth2(flows: [OAuthFlow], metadataURL: String?)
        /// OpenID Connect.
        case openIDConnect(url: String)
        /// A certificate of the client.
        case mutualTLS
    }

    /// What way it is.
    var kind: Kind
    /// What to know about it.
    var description: String?
}

/// A scope, and what it is for.
struct OAuthScope: Sendable, Hashable {
    /// The scope.
    var name: String
    /// What it is for.
    var description: String
}

/// A way to a token.
struct OAuthFlow: Sendable, Hashable {
    /// The ways there are, those to prefer first. The raw value is the name of the member, in both versions.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Through a browser.
        case authorizationCode
        /// With the client's own credential.
        case clientCredentials
        /// Through another device (1.0).
        case deviceCode
        /// Deprecated.
        case implicit
        /// Deprecated.
        case password
    }

    /// What way it is.
    var kind: Kind
    /// Where a browser goes.
    var authorizationURL: String?
    /// Where a device asks.
    var deviceAuthorizationURL: String?
    /// Where tokens come from.
    var tokenURL: String?
    /// Where they are renewed.
    var refreshURL: String?
    /// The scopes there are.
    var scopes: [OAuthScope] = []
    /// Whether PKCE must be used (1.0).
    var requiresPKCE = false
}
