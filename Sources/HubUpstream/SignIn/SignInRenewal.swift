import HubCore
import Logging
import NIOConcurrencyHelpers

/// Gets access tokens out of a sign-in that several processes share.
///
/// 1. Whoever renews holds the sign-in alone, and looks first at what others have left there: a token that is another one than the one at
///    hand is used as it is. So is one that cannot be renewed, as long as it lives.
/// 2. What a renewal gave is on the disk before it is used, the next refresh token above all: authorization servers take the one before for
///    stolen when it comes again.
/// 3. What could not be written stays here and is written before anything else is asked for.
/// 4. Where the authorization server says that there is nothing to renew any more, that is written down too, and it is not asked again.
final class SignInRenewal: Sendable {
    /// What was given and could not be written, and the refresh token that it was given for.
    private struct Unwritten {
        var signIn: SignIn
        var replaced: Secret?
    }

    private let settings: SignInSettings
    private let clock: CredentialClock
    private let service: @Sendable (UpstreamSettings) -> UpstreamService
    private let unwritten = NIOLockedValueBox<Unwritten?>(nil)

    init(_ settings: SignInSettings, clock: CredentialClock, service: @escaping @Sendable (UpstreamSettings) -> UpstreamService) {
        self.settings = settings
        self.clock = clock
        self.service = service
    }

    /// A token that is not `current`.
    func token(insteadOf current: Secret?, logger: Logger) async throws(CredentialFailure) -> TokenGrant {
        let hold = try await hold()
        defer { withExtendedLifetime(hold) {} }
        var signIn = try await stored()
        guard !signIn.isOver else { throw .signedOut(.over, server: settings.server) }
        let left = signIn.accessTokenEnd - clock.seconds()
        if left > 0, signIn.accessToken != current || signIn.refreshToken == nil {
            return TokenGrant(token: signIn.accessToken, life: .seconds(left))
        }
        guard let refreshToken = signIn.refreshToken else {
            try await end(signIn)
            throw .signedOut(.over, server: settings.server)
        }
        guard let endpoint = endpoint(of: signIn) else { throw .signedOut(.never, server: settings.server) }
        let grant: TokenGrant
        do throws(CredentialFailure) {
            grant = try await endpoint.ask(.refresh(refreshToken), logger: logger)
        } catch {
            guard Self.isEnd(error, of: signIn) else { throw error }
            logger.warning("a sign-in has ended", metadata: ["server": "\(settings.server)", "error": "\(error)"])
            try await end(signIn)
            throw .signedOut(.over, server: settings.server)
        }
        signIn.accept(grant, now: clock.seconds())
        do throws(CredentialFailure) {
            try await write(signIn)
        } catch {
            let kept = Unwritten(signIn: signIn, replaced: refreshToken)
            unwritten.withLockedValue { $0 = kept }
            throw error
        }
        return grant
    }

    /// Keeps the scopes that the server wants beside those that were granted.
    func want(_ scopes: [String], logger: Logger) async {
        do throws(CredentialFailure) {
            guard !scopes.isEmpty else { return }
            let hold = try await hold()
            defer { withExtendedLifetime(hold) {} }
            var signIn = try await stored()
            let wanted = ScopeList.united([signIn.wantedScopes, scopes.filter { !signIn.scopes.contains($0) }])
            guard wanted != signIn.wantedScopes else { return }
            signIn.wantedScopes = wanted
            try await write(signIn)
            logger.warning(
                "a server wants scopes that its sign-in does not have; sign in again", metadata: ["server": "\(settings.server)"])
        } catch {
            // The caller is told to have somebody sign in again all the same.
            logger.info("what a server wants could not be kept", metadata: ["server": "\(settings.server)", "error": "\(error)"])
        }
    }

    /// RFC 6749 §5.2. A client that the hub registered itself and that is not known any more does not come back; one of the operator's may.
    private static func isEnd(_ failure: CredentialFailure, of signIn: SignIn) -> Bool {
        guard case .refused(_, let code) = failure else { return false }
        return code == "invalid_grant" || code == "bad_refresh_token"  // GitHub's word for it
            || !signIn.isOperatorsClient && (code == "invalid_client" || code == "unauthorized_client")
    }

    private func endpoint(of signIn: SignIn) -> TokenEndpoint? {
        guard let url = ServiceURL(signIn.tokenEndpoint), url.isProtected(namedOrigins: settings.namedOrigins) else { return nil }
        var tokens = TokenService(
            address: url.address, clientID: signIn.clientID,
            clientSecret: signIn.clientSecret ?? (signIn.isOperatorsClient ? settings.clientSecret : nil) ?? Secret(""),
            authentication: signIn.authentication, resource: signIn.resource)
        tokens.suffix = url.suffix
        tokens.isOperatorNamed = settings.namedOrigins.contains(url.address.origin)
        return TokenEndpoint(tokens, name: settings.server, service: service)
    }

    // MARK: The store

    private func hold() async throws(CredentialFailure) -> any AnyObject & Sendable {
        do throws(SecretError) {
            return try await settings.store.hold(settings.server)
        } catch {
            throw .unavailable(error)
        }
    }

    private func stored() async throws(CredentialFailure) -> SignIn {
        let found: SignIn?
        do throws(SecretError) {
            found = try await settings.store.read(settings.server)
        } catch {
            throw .unavailable(error)
        }
        guard let found, found.server.utf8.elementsEqual(settings.url.text.utf8) else {
            throw .signedOut(.never, server: settings.server)
        }
        guard let kept = unwritten.withLockedValue({ $0 }) else { return found }
        guard kept.signIn.id == found.id, kept.replaced == found.refreshToken else {
            unwritten.withLockedValue { $0 = nil }
            return found
        }
        try await write(kept.signIn)
        return kept.signIn
    }

    private func write(_ signIn: SignIn) async throws(CredentialFailure) {
        do throws(SecretError) {
            try await settings.store.write(signIn, of: settings.server)
        } catch {
            throw .unavailable(error)
        }
        unwritten.withLockedValue { $0 = nil }
    }

    private func end(_ signIn: SignIn) async throws(CredentialFailure) {
        var signIn = signIn
        signIn.isOver = true
        try await write(signIn)
    }
}
