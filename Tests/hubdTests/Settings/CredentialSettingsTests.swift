import HubCore
import HubUpstream
import Testing

@testable import hubd

@Suite("credentials of upstreams, and places that keep secrets, from hub.yaml")
struct CredentialSettingsTests {
    private static let place = SourcePlace(file: "test")

    private func credential(_ text: String) -> (credential: UpstreamEntry.Credential?, findings: [String]) {
        let (settings, findings) = SettingsTestFiles.load("upstreams:\n  a:\n    addresses: [\"https://a\"]\n    credential: { \(text) }")
        return (settings?.upstreams["a"]?.credential, findings.map(\.description))
    }

    /// The credential with its secrets, which are the names of their references.
    private func read(_ text: String) async throws -> UpstreamCredential {
        let (credential, findings) = credential(text)
        #expect(findings == [])
        return try await #require(credential).read { reference throws(ConfigFinding) in Secret(reference.name) }
    }

    @Test("a token service is read with what is asked of it, and with defaults")
    func tokenServices() async throws {
        let address = try #require(HTTPAddress("https://idp.test/token"))
        let plain = TokenService(address: address, clientID: "hub", clientSecret: Secret("S"))
        #expect(
            try await read("oauthClient: { tokenUrl: https://idp.test/token, clientId: hub, clientSecret: env:S }") == .oauthClient(plain))
        let full = TokenService(
            address: address, clientID: "hub", clientSecret: Secret("S"), authentication: .post, scopes: ["a", "b"], audience: "api",
            resource: "https://api.test")
        let text =
            "tokenUrl: https://idp.test/token, clientId: hub, clientSecret: env:S, clientAuth: client_secret_post, scopes: [a, b], "
            + "audience: api, resource: https://api.test"
        #expect(try await read("oauthClient: { \(text) }") == .oauthClient(full))
        #expect(try await read("tokenExchange: { \(text) }") == .tokenExchange(full, subject: .accessToken))
        #expect(try await read("tokenExchange: { \(text), subjectTokenType: jwt }") == .tokenExchange(full, subject: .jwt))
    }

    @Test("an access key's identifier may be text or a reference")
    func accessKeys() async throws {
        #expect(
            try await read("sigv4: { region: eu-central-1, service: bedrock, id: AKID, secret: env:S }")
                == .sigv4(AWSCredential(id: "AKID", secret: Secret("S"), region: "eu-central-1", service: "bedrock")))
        #expect(
            try await read("sigv4: { region: r, service: s, id: env:ID, secret: env:S, sessionToken: env:T }")
                == .sigv4(AWSCredential(id: "ID", secret: Secret("S"), sessionToken: Secret("T"), region: "r", service: "s")))
        #expect(
            try await read("alibaba: { id: LTAI, secret: env:S, securityToken: env:T, action: RunInstances, version: 2014-05-26 }")
                == .alibaba(
                    AlibabaCredential(
                        id: "LTAI", secret: Secret("S"), securityToken: Secret("T"), action: "RunInstances", version: "2014-05-26")))
    }

    /// The server `a` with a credential, and what is found.
    private func server(_ credential: String, _ more: String = "", mcp: String = "https://a.test/mcp/?x=1") -> (ServerEntry?, [String]) {
        let (settings, findings) = SettingsTestFiles.load(
            "servers:\n  a:\n    mcp: \"\(mcp)\"\n    credential: { oauthUser: \(credential) }\n\(more)")
        return (settings?.servers.first, findings.map(\.description))
    }

    @Test("a sign-in is read with the whole address of its server")
    func signIns() throws {
        let (plain, findings) = server("{}")
        #expect(findings == [])
        let entry = try #require(plain?.signIn)
        #expect(entry.url.text == "https://a.test/mcp/?x=1" && entry.clientID == nil && entry.scopes == nil)
        #expect(entry.namedOrigins == ["https://a.test"])
        let (full, others) = server(
            "{ clientId: hub, clientSecret: env:S, scopes: [read, write], authorizationServer: \"https://as.test/t/\" }")
        #expect(others == [])
        #expect(full?.signIn?.clientID == "hub" && full?.signIn?.scopes == ["read", "write"])
        #expect(full?.signIn?.authorizationServer?.text == "https://as.test/t/" && full?.secrets.map(\.name) == ["S"])
        #expect(full?.signIn?.namedOrigins == ["https://a.test", "https://as.test"])
        #expect(server("{}", mcp: "http://127.0.0.1:1/mcp").1 == [])
    }

    @Test("a sign-in that would give tokens away, or that is for nothing that is signed in at, is an error")
    func wrongSignIns() {
        #expect(server("{}", mcp: "http://a.test/mcp").1.contains { $0.contains("in the clear") })
        #expect(server("{ authorizationServer: \"http://as.test\" }").1.contains { $0.contains("in the clear") })
        #expect(server("{ clientSecret: env:S }").1.contains { $0.contains("clientId") })
        #expect(server("{ scopes: [\"a b\"] }").1.contains { $0.contains("not a scope") })
        #expect(
            server("{}", "    upstream: u\nupstreams:\n  u: { addresses: [\"https://u\"] }\n").1.contains { $0.contains("no upstream's") })
        for other in ["openapi: a.yaml", "command: [a]"] {
            let (_, findings) = SettingsTestFiles.load("servers:\n  a:\n    \(other)\n    credential: { oauthUser: {} }\n")
            #expect(findings.contains { $0.description.contains("for an MCP server") })
        }
    }

    @Test("every reference is among the secrets of the settings")
    func secrets() throws {
        let text = """
            secrets:
              vault: { address: https://v, appRole: { roleId: env:V1, secretId: env:V2 } }
              aws: { region: r, credential: { id: env:A1, secret: env:A2, sessionToken: env:A3 } }
              alibaba: { region: r, credential: { id: plain, secret: env:B2 } }
            upstreams:
              a: { addresses: ["https://a"], credential: { sigv4: { region: r, service: s, id: env:C1, secret: env:C2, sessionToken: env:C3 } } }
              b: { addresses: ["https://b"], credential: { oauthClient: { tokenUrl: https://t, clientId: c, clientSecret: "vault:x/y#z" } } }
            """
        let (settings, findings) = SettingsTestFiles.load(text)
        #expect(findings.map(\.description) == [])
        #expect(settings?.secrets.map(\.name) == ["V1", "V2", "A1", "A2", "A3", "B2", "C1", "C2", "C3", "x/y"])
    }

    @Test(
        "what cannot be meant is said at its place",
        arguments: [
            (
                "oauthClient: { tokenUrl: http://idp.test/token, clientId: c, clientSecret: env:S }",
                "hub.yaml:4:44: error: a secret is sent to this address in the clear — begin it with https://"
            ),
            (
                "sigv4: { service: s, id: a, secret: env:S }", #"hub.yaml:4:19: error: "sigv4" needs "region""#
            ),
            (
                "sigv4: { region: r, service: s, id: \"a b\", secret: env:S }",
                "hub.yaml:4:55: error: this must be letters, digits and signs of ASCII, without spaces"
            ),
            (
                "alibaba: { id: a, secret: SWORDFISH }",
                #"hub.yaml:4:45: error: "secret" takes a reference to a secret, never the secret itself — keep the secret elsewhere and write env:NAME, file:PATH, store:NAME, vault:PATH#FIELD, aws-secrets:ID#FIELD or alibaba-kms:NAME#FIELD"#
            ),
        ])
    func complaints(text: String, complaint: String) {
        #expect(credential(text).findings == [complaint])
    }

    @Test("a token service on this machine may be plain")
    func loopback() {
        let (credential, findings) = credential("oauthClient: { tokenUrl: http://127.0.0.1:8080/t, clientId: c, clientSecret: env:S }")
        #expect(credential != nil && findings == [])
    }

    @Test(
        "a place that keeps secrets is opened by what is at hand",
        arguments: [
            (
                "vault: { address: http://vault.test, token: env:T }",
                "hub.yaml:1:30: error: a secret is sent to this address in the clear — begin it with https://"
            ),
            (
                "vault: { address: https://v, token: \"vault:a/b#c\" }",
                #"hub.yaml:1:48: error: "token" takes a reference to a secret, never the secret itself — keep the secret elsewhere and write env:NAME, file:PATH or store:NAME"#
            ),
            ("vault: { address: https://v }", #"hub.yaml:1:12: error: "vault" needs one of token or appRole"#),
            (
                "vault: { address: https://v, token: env:T, appRole: { roleId: a, secretId: env:S } }",
                #"hub.yaml:1:55: error: only one of token or appRole may stand in "vault""#
            ),
            (
                "aws: { region: r, kmsEndpoint: http://kms.test, credential: { id: a, secret: env:S } }",
                "hub.yaml:1:43: error: a secret is sent to this address in the clear — begin it with https://"
            ),
            (
                "aws: { region: \"a/b\", credential: { id: a, secret: env:S } }",
                "hub.yaml:1:27: error: this is not the name of a region — write it as the provider does, such as eu-central-1"
            ),
        ])
    func places(text: String, complaint: String) {
        #expect(SettingsTestFiles.load("secrets: { \(text) }").findings.map(\.description) == [complaint])
    }
}
