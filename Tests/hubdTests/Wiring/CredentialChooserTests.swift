import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

@testable import HubUpstream
@testable import hubd

@Suite("credentials by operation")
struct CredentialChooserTests {
    /// One operation for each `security` of the list, named `op0`, `op1`, …
    private static func description(_ security: [String], common: String = "") throws -> IngestedAPI {
        let paths = security.enumerated().map {
            "\"/p\($0)\":{\"get\":{\"operationId\":\"op\($0)\"\($1.isEmpty ? "" : ",\"security\":\($1)")}}"
        }
        let schemes = """
            "key":{"type":"apiKey","in":"header","name":"X-Key"},"app":{"type":"apiKey","in":"query","name":"app"},
            "sid":{"type":"apiKey","in":"cookie","name":"sid"},"basic":{"type":"http","scheme":"Basic"},
            "bearer":{"type":"http","scheme":"bearer"},"oauth":{"type":"oauth2","flows":{}},
            "oidc":{"type":"openIdConnect","openIdConnectUrl":"https://i.test"},"cert":{"type":"mutualTLS"},
            "digest":{"type":"http","scheme":"digest"},"host":{"type":"apiKey","in":"header","name":"Host"}
            """
        return try OpenAPIReader.read(
            ByteBuffer(
                string: """
                    {"openapi":"3.1.0","info":{"title":"t","version":"1"},\(common)"paths":{\(paths.joined(separator: ","))},
                    "components":{"securitySchemes":{\(schemes)}}}
                    """))
    }

    /// What each operation shows, as it would stand in a request of `GET /x`, and what is said about it.
    private func choose(
        _ api: IngestedAPI, _ credentials: String?, isLetInAnyway: Bool = false, readsSecrets: Bool = true
    ) throws -> (shown: [String], said: [String]) {
        let written = credentials.map { ", credentials: \($0)" } ?? ""
        let text = "upstreams: { u: { addresses: [\"http://a\"] } }\nservers: { s: { openapi: x, upstream: u\(written) } }"
        let (settings, problems) = SettingsTestFiles.load(text)
        #expect(problems.isEmpty, "\(problems)")
        let entry = try #require(settings?.servers.first)
        let references = (entry.credentials ?? []).map(\.secret)
        let secrets = Dictionary(references.map { ($0, Secret("\($0.name)-secret")) }, uniquingKeysWith: { first, _ in first })
        var findings = FindingCollector()
        var chooser = CredentialChooser(
            entry, api.securitySchemes, secrets: readsSecrets ? secrets : nil, registry: UpstreamRegistry(timers: TimerTable()), &findings)
        let shown = api.operations.map { operation in
            guard let credentials = chooser.credentials(for: operation) else { return "-" }
            guard credentials.dynamic == nil else { return "fetched" }
            let shown = credentials.shown
            var fields = HTTPFields()
            shown.add(to: &fields)
            return ([shown.added(toPath: "/x")] + fields.map { "\($0.name): \($0.value)" }).joined(separator: ", ")
        }
        chooser.finish(&findings, isLetInAnyway: isLetInAnyway)
        return (shown, findings.findings.map(\.description))
    }

    @Test("the first alternative all of whose schemes are provided for is shown")
    func alternatives() throws {
        let api = try Self.description([
            #"[{"key":[]}]"#, #"[{"oauth":["a"]},{"key":[],"app":[]}]"#, #"[{"app":[]},{"key":[]}]"#, "[]", #"[{},{"key":[]}]"#, #"[{}]"#,
        ])
        let (shown, said) = try choose(api, "{ key: env:K, app: env:A }")
        #expect(
            shown == [
                "/x, X-Key: K-secret", "/x?app=A-secret, X-Key: K-secret", "/x?app=A-secret", "/x", "/x, X-Key: K-secret", "/x",
            ])
        #expect(said.isEmpty, "\(said)")
    }

    @Test("an operation without a list of its own has that of the document")
    func common() throws {
        let api = try Self.description(["", "[]"], common: #""security":[{"key":[]}],"#)
        #expect(try choose(api, "{ key: env:K }").shown == ["/x, X-Key: K-secret", "/x"])
    }

    @Test("every kind of scheme stands where it belongs")
    func kinds() throws {
        let api = try Self.description(["key", "app", "sid", "basic", "bearer", "oauth", "oidc"].map { #"[{"\#($0)":[]}]"# })
        let (shown, said) = try choose(
            api,
            "{ key: env:K, app: env:A, sid: env:S, basic: { username: u, password: env:P }, bearer: env:B, oauth: env:O, oidc: env:I }")
        #expect(
            shown == [
                "/x, X-Key: K-secret", "/x?app=A-secret", "/x, Cookie: sid=S-secret", "/x, Authorization: Basic dTpQLXNlY3JldA==",
                "/x, Authorization: Bearer B-secret", "/x, Authorization: Bearer O-secret", "/x, Authorization: Bearer I-secret",
            ])
        #expect(said.isEmpty, "\(said)")
    }

    @Test("a token is fetched for the schemes that take one")
    func fetched() throws {
        let api = try Self.description(["oauth", "oidc", "bearer", "key"].map { #"[{"\#($0)":[]}]"# })
        let client = "{ oauthClient: { tokenUrl: https://i.test/t, clientId: c, clientSecret: env:S } }"
        let (shown, said) = try choose(api, "{ oauth: \(client), oidc: \(client), bearer: \(client), key: env:K }")
        #expect(shown == ["fetched", "fetched", "fetched", "/x, X-Key: K-secret"] && said.isEmpty, "\(said)")
        #expect(try choose(api, "{ oauth: \(client) }", readsSecrets: false).shown.first == "-")
        #expect(
            try choose(api, "{ key: \(client) }").said.first
                == "hub.yaml:2:57: error: \"key\" takes no token — oauthClient is for OAuth 2.0 and OpenID Connect")
    }

    @Test("operations for which nothing is there are counted in one finding, with what is not in this version")
    func unsatisfied() throws {
        let api = try Self.description([#"[{"key":[]}]"#, #"[{"cert":[]},{"oauth":[],"app":[]}]"#, #"[{"digest":[]}]"#, #"[{"none":[]}]"#])
        let (shown, said) = try choose(api, "{ key: env:K }")
        #expect(shown == ["/x, X-Key: K-secret", "/x", "/x", "/x"])
        #expect(
            said == [
                "hub.yaml:2:12: warning: 3 of 4 operations of s ask for a credential that is not here: GET /p1 for \"cert\" (a client certificate, not in this version) or \"oauth\" with \"app\" — write it under `credentials:`, or `credentials: {}` where none is needed"
            ])
        #expect(try choose(api, "{ key: env:K }", readsSecrets: false).said == said)
    }

    @Test("where nothing is written, a credential is missed unless the upstream has one; an empty map says that none is needed")
    func nothingWritten() throws {
        let api = try Self.description([#"[{"key":[]}]"#])
        #expect(try choose(api, nil).said.count == 1)
        #expect(try choose(api, nil, isLetInAnyway: true).said.isEmpty)
        #expect(try choose(api, "{}").said.isEmpty)
        #expect(try choose(api, nil).shown == ["-"])
    }

    @Test(
        "what cannot be shown is an error at the scheme's name",
        arguments: [
            ("{ kye: env:K }", "the description of s has no security scheme \"kye\" — did you mean \"key\"?"),
            ("{ basic: env:K }", "\"basic\" takes a user name and a password — write { username: NAME, password: env:NAME }"),
            ("{ key: { username: u, password: env:K } }", "\"key\" takes one secret, and no user name — write env:NAME"),
            ("{ cert: env:K }", "\"cert\" is a client certificate, which is not in this version"),
            ("{ digest: env:K }", "\"digest\" is HTTP \"digest\", which is not in this version"),
            ("{ host: env:K }", "\"host\" wants a key in \"Host\", where none can stand"),
        ])
    func problems(credentials: String, message: String) throws {
        let said = try choose(try Self.description(["[]"]), credentials).said
        #expect(said.first == "hub.yaml:2:57: error: " + message)
    }

    @Test("a credential that no operation asks for is never sent, which is said")
    func unused() throws {
        let (shown, said) = try choose(try Self.description([""]), "{ key: env:K }")
        #expect(shown == ["/x"])
        #expect(said.count == 1 && said[0].contains("warning: no operation of s asks for \"key\", so it is never sent"))
    }
}
