import HTTPTypes
import HubCore
import Logging

/// Shows a token of the hub's own: one for all requests, asked for when the first one needs it.
final class OAuthClientCredential: DynamicCredential {
    private let cache: TokenCache

    init(_ endpoint: TokenEndpoint, timers: TimerTable, clock: CredentialClock) {
        cache = TokenCache(timers: timers, now: clock.now) { _, logger throws(CredentialFailure) in
            try await endpoint.ask(.clientCredentials, logger: logger)
        }
    }

    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission {
        request.show(try await cache.token(for: asker))
    }

    func readmit(_ request: inout EndpointRequest, after refused: Admission, for asker: Asker) async -> Admission? {
        guard let token = await cache.replacement(for: refused.token, asker: asker) else { return nil }
        return request.show(token)
    }
}

extension EndpointRequest {
    /// Shows a token as RFC 6750 §2.1 does, in place of any other.
    mutating func show(_ token: TokenStateMachine.Token) -> Admission {
        fields[.authorization] = "Bearer " + token.value.revealed
        return Admission(token: token.number, redaction: token.redaction)
    }
}
