import HubCore
import NIOCore
import Testing

@testable import hubd

@Suite("Protected-resource metadata") struct ResourceDocumentsTests {
    private static let wellKnown = "/.well-known/oauth-protected-resource"

    private func documents(publicURL: String = "https://hub.test", _ servers: String...) throws -> [String: PublicDocument] {
        let lines = servers.map { "  \($0.prefix { $0 != ":" }): { openapi: a.yaml, \($0.drop { $0 != ":" }.dropFirst()) }\n" }.joined()
        let text = """
            publicUrl: \(publicURL)
            identity: { jwt: [ { issuer: "https://idp.test", jwks: keys.json, audience: hub } ] }
            servers:
            \(lines)
            """
        return ResourceDocuments.documents(of: try #require(SettingsTestFiles.load(text).settings))
    }

    private let oauth = #"auth: [oauth], oauth: { authorizationServers: ["https://idp.test"] }"#

    @Test("a server that takes access tokens has a document at its own path, and at the root while it is the only one")
    func paths() throws {
        let one = try documents("a: \(oauth)", "b: auth: [apiKey]")
        #expect(Set(one.keys) == [Self.wellKnown, "\(Self.wellKnown)/mcp/a"])
        #expect(Set(one.values).count == 1)
        let two = try documents("a: \(oauth)", "b: \(oauth)")
        #expect(Set(two.keys) == ["\(Self.wellKnown)/mcp/a", "\(Self.wellKnown)/mcp/b"])
        #expect(try documents("a: auth: [jwt]", "b: auth: none").isEmpty)
    }

    @Test(
        "where the hub is known by a path, the document is there with it and without it",
        arguments: ["https://hub.test/x", "https://hub.test/x/"])
    func prefix(publicURL: String) throws {
        let found = try documents(publicURL: publicURL, "a: \(oauth)", "b: \(oauth)")
        #expect(Set(found.keys) == Set(["", "/x"].flatMap { prefix in ["a", "b"].map { "\(Self.wellKnown)\(prefix)/mcp/\($0)" } }))
        let text = try #require(found["\(Self.wellKnown)/mcp/a"].map { String(buffer: $0.json) })
        #expect(text.contains(#""resource":"https://hub.test/x/mcp/a""#))
    }

    @Test("it says where to get a token, for what, and how to show it")
    func content() throws {
        let scoped = #"auth: [oauth], oauth: { authorizationServers: ["https://idp.test"], scopes: { "w": ["put*"], "r": ["get*"] } }"#
        let text = try #require(try documents("a: \(scoped)")["\(Self.wellKnown)/mcp/a"].map { String(buffer: $0.json) })
        #expect(
            text
                == #"{"resource":"https://hub.test/mcp/a","authorization_servers":["https://idp.test"],"scopes_supported":["w","r"],"bearer_methods_supported":["header"],"resource_name":"a"}"#
        )
    }
}
