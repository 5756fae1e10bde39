import HubUpstream

/// That an operator signs in at an MCP server with OAuth, as written; the secret is still a reference.
struct SignInEntry: Sendable, Hashable {
    /// The URL of the server.
    var url: ServiceURL
    /// The operator's own client; nil: the hub sees to one itself.
    var clientID: String?
    /// The secret of that client.
    var clientSecret: SecretReference?
    /// What is asked for; nil: what the server says.
    var scopes: [String]?
    /// The authorization server; nil: the one that the server names.
    var authorizationServer: ServiceURL?
    /// Where it is written.
    var place: SourcePlace

    /// The origins that the operator named.
    var namedOrigins: Set<String> { SignInDiscovery.namedOrigins(url, authorizationServer) }

    /// Where answers go to that arrive on this machine, where nothing else is said.
    static let defaultPort = 8082

    /// Where an answer goes to that arrives at a port of this machine.
    static func redirectURI(port: Int) -> String { "http://127.0.0.1:\(port)/callback" }
}
