import HubCore

extension UpstreamCredential {
    /// What is made of it for each request; nil for one that is the same in all of them.
    ///
    /// - Parameters:
    ///   - name: of the upstream, for logs.
    ///   - timers: keeps the deadlines of those who wait for a token.
    ///   - service: makes the way to a token service.
    func dynamic(
        name: String, timers: TimerTable, clock: CredentialClock, service: @escaping @Sendable (UpstreamSettings) -> UpstreamService
    ) -> (any DynamicCredential)? {
        switch self {
        case .header, .query, .cookie, .basic, .bearer: nil
        case .oauthClient(let tokens):
            OAuthClientCredential(TokenEndpoint(tokens, name: name, service: service), timers: timers, clock: clock)
        case .tokenExchange(let tokens, let subject):
            TokenExchangeCredential(TokenEndpoint(tokens, name: name, service: service), subject: subject, timers: timers, clock: clock)
        case .signIn(let settings): SignInCredential(settings, timers: timers, clock: clock, service: service)
        case .sigv4(let credential): SigV4Signer(credential, clock: clock)
        case .alibaba(let credential): ACS3Signer(credential, clock: clock)
        }
    }
}
