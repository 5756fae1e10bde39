import HubCore
import HubUpstream
import NIOCore

/// The protected-resource metadata of the servers that take access tokens (RFC 9728 §2), at the paths where clients look for it.
enum ResourceDocuments {
    private static let wellKnown = "/.well-known/oauth-protected-resource"

    /// What a server is to OAuth clients; nil where it takes no access tokens.
    static func resource(of name: String, _ auth: EntryAuth, publicURL: HTTPAddress?) -> ProtectedResource? {
        guard case .asked(let rules) = auth, rules.kinds.contains(.oauth), let oauth = rules.oauth, let publicURL else { return nil }
        return ProtectedResource(
            identifier: "\(publicURL)/mcp/\(name)",
            metadataURL: "\(publicURL.origin)\(wellKnown)\(publicURL.path)/mcp/\(name)",
            scopes: oauth.scopes.map { ProtectedResource.Scope(name: $0.name, tools: $0.tools) })
    }

    /// The documents of all servers by path.
    ///
    /// 1. Each at the path of RFC 9728 §3.1: the well-known name before the path of the resource; where `publicUrl` has a path, with that
    ///    path and without it, because what stands before the hub may take it away.
    /// 2. The only one, or that of the default server, at the well-known name alone, for clients that look nowhere else.
    static func documents(of settings: Settings) -> [String: PublicDocument] {
        var documents: [String: PublicDocument] = [:]
        for server in settings.exposedServers {
            guard case .asked(let rules) = server.auth, let oauth = rules.oauth,
                let resource = resource(of: server.name, server.auth, publicURL: settings.publicURL)
            else { continue }
            let document = PublicDocument(json: json(resource, oauth, name: server.name))
            documents["\(wellKnown)/mcp/\(server.name)"] = document
            if let prefix = settings.publicURL?.path, !prefix.isEmpty {
                documents["\(wellKnown)\(prefix)/mcp/\(server.name)"] = document
            }
        }
        if let standing = settings.defaultServer.flatMap({ documents["\(wellKnown)/mcp/\($0)"] }) {
            documents[wellKnown] = standing
        } else if Set(documents.values).count == 1, let only = documents.first {
            documents[wellKnown] = only.value
        }
        return documents.merging(clientDocuments(of: settings)) { first, _ in first }
    }

    // MARK: The hub as a client

    private static let clientPath = "/.well-known/oauth-client.json"

    /// What the hub is called where it signs in, at authorization servers that look up who that is (client ID metadata documents); nil where
    /// there is no https address at which they could.
    static func clientID(of settings: Settings) -> String? {
        settings.publicURL.flatMap { $0.scheme == .https ? "\($0)\(clientPath)" : nil }
    }

    /// The document that says so, where there is a server to sign in at; with and without the path of `publicUrl`, as those above.
    ///
    /// RFC 8252 §7.3: on this machine any port will do; the usual one is there by itself for servers that compare the whole address.
    private static func clientDocuments(of settings: Settings) -> [String: PublicDocument] {
        guard let id = clientID(of: settings), let prefix = settings.publicURL?.path, settings.servers.contains(where: { $0.signIn != nil })
        else { return [:] }
        let document = PublicDocument(
            json: ClientRegistration.document(
                id: id, redirectURIs: [SignInEntry.redirectURI(port: SignInEntry.defaultPort), "http://127.0.0.1/callback"],
                authentication: .none))
        var documents = [clientPath: document]
        documents[prefix + clientPath] = document
        return documents
    }

    private static func json(_ resource: ProtectedResource, _ oauth: OAuthEntry, name: String) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("resource", resource.identifier)
        json.member("authorization_servers", oauth.authorizationServers)
        if !resource.scopes.isEmpty { json.member("scopes_supported", resource.scopes.map(\.name)) }
        json.member("bearer_methods_supported", ["header"])
        json.member("resource_name", name)
        json.endObject()
        return json.buffer
    }
}
