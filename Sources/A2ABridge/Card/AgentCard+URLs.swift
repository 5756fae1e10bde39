/// What an address of a card is for.
enum CardURL: Sendable, Hashable, CaseIterable {
    /// The agent itself.
    case agent
    /// Its provider's website.
    case provider
    /// A page about it.
    case documentation
    /// A picture of it.
    case icon
    /// Where tokens are had: authorization, tokens, their renewal, metadata, OpenID Connect.
    case credentials
}

extension AgentCard {
    /// Changes every address of the card. Signatures stay, and hold no longer: who changes an address takes them out or makes new ones.
    ///
    /// - Parameter rewrite: gets what an address is for and the address, and gives the one to stand in its place.
    mutating func rewriteURLs(_ rewrite: (CardURL, String) -> String) {
        for index in interfaces.indices { interfaces[index].url = rewrite(.agent, interfaces[index].url) }
        if let url = provider?.url { provider?.url = rewrite(.provider, url) }
        documentationURL = documentationURL.map { rewrite(.documentation, $0) }
        iconURL = iconURL.map { rewrite(.icon, $0) }
        for index in securitySchemes.indices { securitySchemes[index].scheme.rewriteURLs { rewrite(.credentials, $0) } }
    }
}

extension SecurityScheme {
    fileprivate mutating func rewriteURLs(_ rewrite: (String) -> String) {
        switch kind {
        case .apiKey, .http, .mutualTLS: break
        case .openIDConnect(let url): kind = .openIDConnect(url: rewrite(url))
        case .oauth2(let flows, let metadataURL):
            kind = .oauth2(
                flows: flows.map { flow in
                    var flow = flow
                    flow.authorizationURL = flow.authorizationURL.map(rewrite)
                    flow.deviceAuthorizationURL = flow.deviceAuthorizationURL.map(rewrite)
                    flow.tokenURL = flow.tokenURL.map(rewrite)
                    flow.refreshURL = flow.refreshURL.map(rewrite)
                    return flow
                }, metadataURL: metadataURL.map(rewrite))
        }
    }
}
