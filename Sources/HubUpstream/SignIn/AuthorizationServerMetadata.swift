import HubCore

/// What an authorization server says of itself (RFC 8414 §2), as far as signing in needs it.
public struct AuthorizationServerMetadata: Sendable, Hashable {
    /// What it calls itself.
    public var issuer: String
    /// Where a person signs in.
    public var authorizationEndpoint: ServiceURL
    /// Where tokens come from.
    public var tokenEndpoint: ServiceURL
    /// Where clients register themselves (RFC 7591).
    public var registrationEndpoint: ServiceURL?
    /// Whether a client may be the address of a document that describes it.
    public var takesClientDocuments: Bool
    /// Whether its answers say whose they are (RFC 9207).
    var namesItself: Bool
    /// How clients prove who they are.
    var clientAuthentications: [String]
    /// The scopes there are.
    var scopes: [String]

    /// Where the metadata of an issuer may be, in the order of MCP's authorization specification.
    static func urls(of issuer: ServiceURL) -> [ServiceURL] {
        let (origin, path) = (issuer.address.origin, issuer.address.path)
        let inserted = ["oauth-authorization-server", "openid-configuration"].map { "\(origin)/.well-known/\($0)\(path)" }
        return (path.isEmpty ? inserted : inserted + ["\(origin)\(path)/.well-known/openid-configuration"]).compactMap { ServiceURL($0) }
    }

    /// Whether two names are those of one issuer: the same text, but for the slash behind an origin, which says nothing (RFC 3986 §6.2.3).
    static func isSameIssuer(_ a: String, _ b: String) -> Bool {
        func plain(_ text: String) -> String {
            guard let url = ServiceURL(text), url.address.path.isEmpty, url.query.isEmpty, text.hasSuffix("/") else { return text }
            return String(text.dropLast())
        }
        return plain(a).utf8.elementsEqual(plain(b).utf8)
    }

    /// Reads metadata.
    ///
    /// - Parameter expected: whose it has to be (RFC 8414 §3.3).
    init(_ document: JSONValue, of expected: String, namedOrigins: Set<String>) throws(SignInError) {
        guard let issuer = document["issuer"]?.string, Self.isSameIssuer(issuer, expected) else {
            throw SignInError("the metadata of \(expected) is that of another issuer")
        }
        func endpoint(_ name: String) throws(SignInError) -> ServiceURL? {
            guard let value = document[name], !value.isNull else { return nil }
            guard let url = value.string.flatMap({ ServiceURL($0) }), url.isProtected(namedOrigins: namedOrigins) else {
                throw SignInError("the metadata of \(expected) has a \(name) that is no https URL")
            }
            return url
        }
        guard let authorization = try endpoint("authorization_endpoint"), let token = try endpoint("token_endpoint") else {
            throw SignInError(
                "the metadata of \(expected) does not say where to sign in: it has no authorization_endpoint, or no token_endpoint")
        }
        // MCP's authorization specification: where it is not said, the client must not go on.
        guard document["code_challenge_methods_supported"]?.elements.contains(where: { $0.isString("S256") }) == true else {
            throw SignInError("\(expected) does not say that it takes PKCE with S256, without which the hub signs in nobody")
        }
        self.issuer = issuer
        authorizationEndpoint = authorization
        tokenEndpoint = token
        registrationEndpoint = try endpoint("registration_endpoint")
        takesClientDocuments = document["client_id_metadata_document_supported"]?.bool ?? false
        namesItself = document["authorization_response_iss_parameter_supported"]?.bool ?? false
        clientAuthentications = document["token_endpoint_auth_methods_supported"]?.elements.compactMap(\.string) ?? ["client_secret_basic"]
        scopes = (document["scopes_supported"]?.elements.compactMap(\.string) ?? []).filter { ScopeList.isScope($0) }
    }

    /// How a client proves to be itself.
    ///
    /// - Parameter hasSecret: whether it has a secret; nil where it may have one or not.
    public func authentication(hasSecret: Bool?) -> TokenService.ClientAuthentication {
        if hasSecret != true, hasSecret == false || clientAuthentications.contains("none") { return .none }
        return clientAuthentications.contains("client_secret_post") && !clientAuthentications.contains("client_secret_basic")
            ? .post : .basic
    }
}
