import HubCore
import HubStore
import HubUpstream

/// Signing in at one server: what is asked of whom, and what is kept of it.
struct SignInWork {
    let server: String
    let entry: SignInEntry
    let access: StoreAccess

    private var discovery: SignInDiscovery {
        SignInDiscovery(of: entry.url, authorizationServer: entry.authorizationServer, registry: access.ways.registry)
    }

    func discover() async throws -> SignInDiscovery.Finding { try await discovery.find() }

    /// The client, and what its person opens.
    func prepare(
        _ found: SignInDiscovery.Finding, redirectURI: String
    ) async throws -> (ClientRegistration, AuthorizationRequest) {
        let earlier = try await access.ways.signIns.store.read(server)
        let scopes = AuthorizationRequest.scopes(
            configured: entry.scopes, found: found, earlier: earlier.flatMap { $0.server == entry.url.text ? $0 : nil })
        let client = try await client(found.server, redirectURI: redirectURI, scopes: scopes)
        var generator = SystemRandomNumberGenerator()
        func random() -> [UInt8] {
            (0..<AuthorizationRequest.randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        let request = AuthorizationRequest(
            at: found.server, client: client.id, redirectURI: redirectURI, resource: found.resource, scopes: scopes,
            random: (random(), random()))
        return (client, request)
    }

    /// 1. The operator's own client.
    /// 2. The address of the hub's document, where the authorization server reads such.
    /// 3. A client that is registered now; those of earlier sign-ins may not be known any more.
    private func client(
        _ server: AuthorizationServerMetadata, redirectURI: String, scopes: [String]
    ) async throws -> ClientRegistration {
        if let id = entry.clientID {
            let secret = try await secret()
            return ClientRegistration(id: id, secret: secret, authentication: server.authentication(hasSecret: secret != nil))
        }
        if server.takesClientDocuments, let id = ResourceDocuments.clientID(of: access.settings) {
            return ClientRegistration(id: id, secret: nil, authentication: .none)
        }
        guard let endpoint = server.registrationEndpoint else {
            let document =
                server.takesClientDocuments ? "or set publicUrl to the https address at which it reaches the hub, " : ""
            throw CommandFailure(
                "\(server.issuer) registers nobody by itself; register a client there by hand with the redirect URI \(redirectURI), "
                    + "\(document)and name it: credential: { oauthUser: { clientId: ID, clientSecret: env:NAME } }")
        }
        return try await discovery.register(at: endpoint, of: server, redirectURI: redirectURI, scopes: scopes)
    }

    private func secret() async throws -> Secret? {
        guard let reference = entry.clientSecret else { return nil }
        if reference.scheme.isRemote, let wrong = await access.ways.open(access.settings.secretStores, isForced: true).first { throw wrong }
        return try reference.sendable(try await access.ways.keeper.value(of: reference))
    }

    /// Exchanges the code and keeps what comes of it, in the place of an earlier sign-in.
    func finish(
        _ code: Secret, _ request: AuthorizationRequest, client: ClientRegistration, found: SignInDiscovery.Finding
    ) async throws -> SignIn {
        let now = Timekeeper.secondsSince1970
        let tokens = try await discovery.exchange(
            code, for: request, client: client, at: found.server, resource: found.resource, now: now)
        var generator = SystemRandomNumberGenerator()
        let isOwn = entry.clientID != nil
        let signIn = SignIn(
            id: String(generator.next(), radix: 16), server: entry.url.text, issuer: found.server.issuer,
            tokenEndpoint: found.server.tokenEndpoint.text, clientID: client.id, clientSecret: isOwn ? nil : client.secret,
            authentication: client.authentication, isOperatorsClient: isOwn, resource: found.resource,
            scopes: tokens.scopes ?? request.scopes, accessToken: tokens.accessToken, accessTokenEnd: tokens.end,
            refreshToken: tokens.refreshToken)
        let hold = try await StoredSignIns.hold(server, in: access.data.path)
        defer { withExtendedLifetime(hold) {} }
        let repository = try access.secrets(for: .signIn)
        do {
            try repository.set(server, to: signIn.sealed, keys: try await access.masterKey.ring(isMaking: true), now: now)
        } catch let error as StoreError where error.kind == .wrongKey {
            // A rotation may have put another key in force between the two.
            try repository.set(server, to: signIn.sealed, keys: try await access.masterKey.ring(isMaking: true), now: now)
        }
        return signIn
    }
}
