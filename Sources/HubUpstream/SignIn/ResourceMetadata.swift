import HubCore

/// What an MCP server says of itself as a protected resource (RFC 9728 §2).
struct ResourceMetadata: Sendable, Hashable {
    /// Whom tokens are for.
    var resource: String
    /// The issuers that issue them, in the server's order.
    var authorizationServers: [String]
    /// The scopes there are.
    var scopes: [String]

    private static let maximumServers = 16

    /// Where the metadata of a server may be, in the order that is tried: by the server's own word, with its path (RFC 9728 §3.1), without.
    static func urls(of server: ServiceURL, challenge: BearerChallenge?) -> [ServiceURL] {
        let known = "\(server.address.origin)/.well-known/oauth-protected-resource"
        let own = challenge?.resourceMetadata
        let path = server.address.path
        return ([own] + (path.isEmpty ? [known] : [known + path + server.query, known])).compactMap { $0 }.compactMap { ServiceURL($0) }
    }

    /// Reads the metadata that was found for a server.
    ///
    /// - Throws: where it is that of another resource (RFC 9728 §3.3): tokens for that one would be sent to this.
    init(_ document: JSONValue, of server: ServiceURL, at url: ServiceURL) throws(SignInError) {
        guard let resource = document["resource"]?.string, let named = ServiceURL(resource) else {
            throw SignInError("the metadata at \(url) names no resource")
        }
        guard Self.isSameOrAbove(named, server) else {
            throw SignInError("the metadata at \(url) is that of another resource, \(named), and not of \(server)")
        }
        self.resource = resource
        authorizationServers = Array(
            (document["authorization_servers"]?.elements.lazy.compactMap(\.string) ?? []).filter { ServiceURL($0) != nil }
                .prefix(Self.maximumServers))
        scopes = ScopeList.united([document["scopes_supported"]?.elements.compactMap(\.string) ?? []])
    }

    /// Whether a resource is the server, or something of the same origin that the server is below: many name their origin alone.
    static func isSameOrAbove(_ resource: ServiceURL, _ server: ServiceURL) -> Bool {
        let (own, whole) = (resource.address.path, server.address.path)
        return resource.address.origin == server.address.origin && (resource.query.isEmpty || resource.query == server.query)
            && (own.isEmpty || whole == own || whole.utf8.starts(with: "\(own)/".utf8))
    }
}
