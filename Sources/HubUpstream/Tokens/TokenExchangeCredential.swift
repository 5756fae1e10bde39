import HTTPTypes
import HubCore
import Logging

/// Shows each caller's own token, exchanged for one of the upstream. A caller without one gets nothing: never the hub's identity, never
/// another caller's token.
final class TokenExchangeCredential: DynamicCredential {
    private let tokens: CallerTokens

    init(_ endpoint: TokenEndpoint, subject: SubjectTokenType, timers: TimerTable, clock: CredentialClock) {
        tokens = CallerTokens { token in
            TokenCache(timers: timers, now: clock.now) { _, logger throws(CredentialFailure) in
                try await endpoint.ask(.exchange(token, subject), logger: logger)
            }
        }
    }

    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission {
        guard let subject = asker.principal.subjectToken else { throw .credential(.noSubjectToken) }
        return request.show(try await tokens.cache(for: subject).token(for: asker))
    }

    func readmit(_ request: inout EndpointRequest, after refused: Admission, for asker: Asker) async -> Admission? {
        guard let subject = asker.principal.subjectToken,
            let token = await tokens.cache(for: subject).replacement(for: refused.token, asker: asker)
        else { return nil }
        return request.show(token)
    }
}
