import HTTPTypes
import HubCore
import Logging

/// Shows the access token of a sign-in, to the server that it was issued for and nobody else.
final class SignInCredential: DynamicCredential {
    private let settings: SignInSettings
    private let cache: TokenCache
    private let renewal: SignInRenewal

    init(
        _ settings: SignInSettings, timers: TimerTable, clock: CredentialClock,
        service: @escaping @Sendable (UpstreamSettings) -> UpstreamService
    ) {
        let renewal = SignInRenewal(settings, clock: clock, service: service)
        self.settings = settings
        self.renewal = renewal
        cache = TokenCache(timers: timers, now: clock.now) { current, logger throws(CredentialFailure) in
            try await renewal.token(insteadOf: current, logger: logger)
        }
    }

    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission {
        guard endpoint.origin == settings.url.address.origin else { throw .credential(.signedOut(.never, server: settings.server)) }
        return request.show(try await cache.token(for: asker))
    }

    func readmit(_ request: inout EndpointRequest, after refused: Admission, for asker: Asker) async -> Admission? {
        guard let token = await cache.replacement(for: refused.token, asker: asker) else { return nil }
        return request.show(token)
    }

    /// RFC 6750 §3.1: a token without the scopes for a request is answered with 403 and `insufficient_scope`. Only a person can have more
    /// granted: what is wanted is kept for when somebody signs in again.
    func failure(in answer: EndpointAnswer, for asker: Asker) async -> CredentialFailure? {
        guard answer.status == 403, let challenge = BearerChallenge(answer.fields[values: .wwwAuthenticate]),
            challenge.error == "insufficient_scope"
        else { return nil }
        await renewal.want(challenge.scopes, logger: asker.logger)
        return .signedOut(.scopes, server: settings.server)
    }
}

extension Endpoint {
    /// Scheme, host and port.
    fileprivate var origin: String { (isSecure ? "https://" : "http://") + authority }
}
