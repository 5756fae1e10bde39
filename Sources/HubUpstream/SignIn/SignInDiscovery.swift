import HTTPTypes
public import HubCore
import NIOCore

/// Finds out where one signs in for an MCP server: RFC 9728 first, then RFC 8414 or OpenID Connect Discovery.
public struct SignInDiscovery: Sendable {
    /// What was found.
    public struct Finding: Sendable, Hashable {
        /// Whom tokens are for.
        public var resource: String
        /// The authorization server.
        public var server: AuthorizationServerMetadata
        /// What the MCP server asks for.
        public var scopes: [String]
    }

    private let url: ServiceURL
    private let authorizationServer: ServiceURL?
    private let http: SignInHTTP

    /// - Parameters:
    ///   - url: of the MCP server.
    ///   - authorizationServer: the operator's word in place of what the server says.
    ///   - registry: has the ways out.
    public init(of url: ServiceURL, authorizationServer: ServiceURL?, registry: UpstreamRegistry) {
        self.init(of: url, authorizationServer: authorizationServer) { registry.service(for: $0) }
    }

    init(of url: ServiceURL, authorizationServer: ServiceURL?, service: @escaping @Sendable (UpstreamSettings) -> UpstreamService) {
        self.url = url
        self.authorizationServer = authorizationServer
        http = SignInHTTP(namedOrigins: Self.namedOrigins(url, authorizationServer), service: service)
    }

    /// The origins that the operator named.
    public static func namedOrigins(_ url: ServiceURL, _ authorizationServer: ServiceURL?) -> Set<String> {
        Set([url, authorizationServer].compactMap { $0?.address.origin })
    }

    /// Asks the server, and whoever it names.
    public func find() async throws(SignInError) -> Finding {
        let challenge = try await challenge()
        let resource = try await resource(challenge)
        let issuer: String
        if let authorizationServer {
            issuer = authorizationServer.text
        } else if let resource {
            guard let first = resource.authorizationServers.first else {
                throw SignInError(
                    "the metadata of \(url) names no authorization server; name it: credential: { oauthUser: { authorizationServer: URL } }"
                )
            }
            issuer = first
        } else {
            issuer = url.address.origin  // 2025-03-26: the server is its own
        }
        let server = try await metadata(of: issuer)
        let scopes = challenge.map(\.scopes).flatMap { $0.isEmpty ? nil : $0 } ?? resource?.scopes ?? []
        return Finding(resource: resource?.resource ?? url.text, server: server, scopes: scopes)
    }

    /// What the server says to somebody without a token.
    private func challenge() async throws(SignInError) -> BearerChallenge? {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        json.member("id", 1)
        json.member("method", "ping")
        json.endObject()
        let fields: HTTPFields = [.accept: "application/json, text/event-stream", .contentType: "application/json"]
        let answer = try await http.send(.post, url, fields: fields, body: json.buffer)
        return answer.status == 401 || answer.status == 403 ? BearerChallenge(answer.fields[values: .wwwAuthenticate]) : nil
    }

    private func resource(_ challenge: BearerChallenge?) async throws(SignInError) -> ResourceMetadata? {
        for place in ResourceMetadata.urls(of: url, challenge: challenge) {
            let answer = try await http.send(.get, place)
            try checkAnswered(answer, at: place)
            guard answer.status == 200, let document = answer.document else { continue }
            return try ResourceMetadata(document, of: url, at: place)
        }
        return nil
    }

    private func metadata(of issuer: String) async throws(SignInError) -> AuthorizationServerMetadata {
        guard let address = ServiceURL(issuer) else { throw SignInError("the authorization server of \(url) has no usable address") }
        for place in AuthorizationServerMetadata.urls(of: address) {
            let answer = try await http.send(.get, place)
            try checkAnswered(answer, at: place)
            guard answer.status == 200, let document = answer.document else { continue }
            return try AuthorizationServerMetadata(document, of: issuer, namedOrigins: http.namedOrigins)
        }
        throw SignInError(
            "\(issuer) publishes no metadata; where \(url) has another authorization server, name it: "
                + "credential: { oauthUser: { authorizationServer: URL } }")
    }

    /// A server that fails says nothing of whether there is a document: to look elsewhere would be to believe whoever can make it fail.
    private func checkAnswered(_ answer: SignInHTTP.Answer, at place: ServiceURL) throws(SignInError) {
        guard answer.status < 500, answer.status != 429 else {
            throw SignInError("\(place) answered with status \(answer.status); try again later")
        }
    }

    // MARK: Registration and tokens

    /// Registers the hub at the authorization server (RFC 7591).
    public func register(
        at endpoint: ServiceURL, of server: AuthorizationServerMetadata, redirectURI: String, scopes: [String]
    ) async throws(SignInError) -> ClientRegistration {
        let body = ClientRegistration.request(
            redirectURI: redirectURI, authentication: server.authentication(hasSecret: nil), scopes: scopes)
        let answer = try await http.send(
            .post, endpoint, fields: [.accept: "application/json", .contentType: "application/json"], body: body)
        return try ClientRegistration(answer, of: server.issuer)
    }

    /// Exchanges the code of an answer for tokens.
    ///
    /// - Parameters:
    ///   - code: of the answer.
    ///   - request: what it answers.
    ///   - client: the hub's registration there.
    ///   - server: the authorization server.
    ///   - resource: the MCP server (RFC 8707).
    ///   - now: seconds since 1970.
    public func exchange(
        _ code: Secret, for request: AuthorizationRequest, client: ClientRegistration, at server: AuthorizationServerMetadata,
        resource: String, now: Int64
    ) async throws(SignInError) -> SignInTokens {
        let url = server.tokenEndpoint
        var tokens = TokenService(
            address: url.address, clientID: client.id, clientSecret: client.secret ?? Secret(""), authentication: client.authentication,
            resource: resource)
        tokens.suffix = url.suffix
        tokens.isOperatorNamed = http.namedOrigins.contains(url.address.origin)
        let endpoint = TokenEndpoint(tokens, name: "sign-in", service: http.service)
        do throws(CredentialFailure) {
            let grant = try await endpoint.ask(
                .code(code, verifier: request.verifier, redirectURI: request.redirectURI), logger: SignInHTTP.silent)
            return SignInTokens(
                accessToken: grant.token, end: SignIn.end(of: grant, mayBeRenewed: grant.refreshToken != nil, now: now),
                refreshToken: grant.refreshToken, scopes: grant.scopes)
        } catch {
            throw SignInError("\(server.issuer) gives no token: \(Self.text(of: error))")
        }
    }

    private static func text(of failure: CredentialFailure) -> String {
        switch failure {
        case .refused(let status, let code): "status \(status)" + (code.map { ", \($0)" } ?? "")
        case .odd(let status): "status \(status)"
        case .malformed(let reason): "its answer cannot be used (\(reason))"
        case .unavailable(let error as HubError): error.message
        case .noSubjectToken, .unavailable, .bodyIsStream, .signedOut: "it cannot be asked"
        }
    }
}

/// What signing in gave.
public struct SignInTokens: Sendable {
    /// The access token.
    public var accessToken: Secret
    /// When it ends, in seconds since 1970.
    public var end: Int64
    /// What gets the next one.
    public var refreshToken: Secret?
    /// What was granted, where that is not what was asked for.
    public var scopes: [String]?
}
