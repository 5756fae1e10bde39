import HubCore
import NIOCore
import SpecIngest
import Testing

@testable import hubd

@Suite("complaints about hub.yaml")
struct SettingsComplaintTests {
    /// A file and the one complaint about it.
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let complaint: String

        init(_ text: String, _ complaint: String) {
            self.text = text
            self.complaint = complaint
        }

        var testDescription: String { complaint }
    }

    private static let server = "servers:\n  a:\n    openapi: a.yaml\n"

    @Test(
        "a typing mistake in a key is found at its place, with the key that was meant",
        arguments: [
            Case("listn: 127.0.0.1:1", #"hub.yaml:1:1: error: unknown key "listn" — did you mean "listen"?"#),
            Case(
                "upstreams:\n  a:\n    adresses: [\"http://a\"]",
                #"hub.yaml:3:5: error: unknown key "adresses" — did you mean "addresses"?"#),
            Case("bounds: { bodybytes: 4MiB }", #"hub.yaml:1:11: error: unknown key "bodybytes" — did you mean "bodyBytes"?"#),
            Case(
                "admin:\n  password: x",
                #"hub.yaml:2:3: error: unknown key "password" — known here: listen, token, metrics"#),
            Case(
                server + "    tools:\n      list: { hiden: true }", #"hub.yaml:5:15: error: unknown key "hiden" — did you mean "hidden"?"#),
            Case(
                "{\"servers\":\n {\"a\": {\"openapi\": \"x\",\n \"upsteam\": \"b\"}}}",
                #"hub.yaml:3:2: error: unknown key "upsteam" — did you mean "upstream"?"#),
            Case("tls: [ { name: x } ]", #"hub.yaml:1:10: error: unknown key "name" — did you mean "names"?"#),
        ])
    func unknownKeys(example: Case) {
        let lines = SettingsTestFiles.load(example.text).findings.map(\.description)
        #expect(lines.contains(example.complaint), "\(lines)")
    }

    @Test(
        "a value of the wrong kind is found at its place",
        arguments: [
            Case("listen: 8080", "hub.yaml:1:9: error: \"listen\" must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, not a number"),
            Case(
                "listen: :8080",
                "hub.yaml:1:9: error: \"listen\" must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, not \":8080\""
                    + " — name the address too: 127.0.0.1 for this machine, 0.0.0.0 for every network"),
            Case(
                server + "    list: { token: 5 }", "hub.yaml:4:13: error: unknown key \"token\" — did you mean \"tokens\"?"),
            Case(
                server + "    list: short", "hub.yaml:4:11: error: \"list\" cannot be \"short\" — it is full or lazy"),
            Case(
                server + "    profile: claude",
                "hub.yaml:4:14: error: \"profile\" cannot be \"claude\" — it is openai, anthropic, gemini or cursor"),
            Case("hosts: a.example", "hub.yaml:1:8: error: \"hosts\" must be a list, not text — write it in brackets: [ … ]"),
            Case(
                "hosts: [1]",
                "hub.yaml:1:9: error: an element of \"hosts\" must be a host name or address, with a port or without one, not a number"),
            Case(
                "upstreams:",
                "hub.yaml:1:11: error: \"upstreams\" must be a mapping of names, not nothing — write a value, or leave the key out"),
            Case("bounds: { connections: 0 }", "hub.yaml:1:24: error: \"connections\" must be a whole number from 1 to 1000000"),
            Case(
                "bounds: { bodyBytes: 4MB }",
                "hub.yaml:1:22: error: \"bodyBytes\" must be a size such as 64KiB or 4MiB, not \"4MB\" — units are KiB, MiB and GiB"),
            Case(
                "upstreams: { a: { addresses: [\"http://u:p@h\"] } }",
                "hub.yaml:1:31: error: an element of \"addresses\" must be an http or https URL without user name, query and fragment"
                    + " — user name and password go into \"credential\""),
            Case(
                "upstreams: { a: { addresses: [\"http://a\"], timeouts: { total: 5 } } }",
                "hub.yaml:1:63: error: \"total\" must be a duration such as 500ms, 5s, 10m or 1h, not a number"),
            Case(
                server + "    tools: { x: { hidden: yes } }",
                "hub.yaml:4:27: error: \"hidden\" must be true or false, not text — YAML 1.2 knows only true and false, without quotes"),
            Case(
                server + "    tools: { x: { title: 1 } }", "hub.yaml:4:26: error: \"title\" must be text, not a number — put it in quotes"),
            Case(server + "    tools: { x: { risk: raed } }", "hub.yaml:4:25: error: \"risk\" cannot be \"raed\" — did you mean \"read\"?"),
            Case(server + "    auth: false", "hub.yaml:4:11: error: \"auth\" must be none or a list, not true or false"),
            Case(
                "trustedProxies: [10.0.0.1/8]\n" + server + "    auth: none",
                "hub.yaml:1:18: error: an element of \"trustedProxies\" must be an address range such as 10.0.0.0/8, not \"10.0.0.1/8\" — set no bits beyond the prefix: 10.1.0.0/16, not 10.1.2.3/16"
            ),
            Case(
                "upstreams: { a: { timeouts: { idle: 1s } } }",
                "hub.yaml:1:14: error: \"a\" needs one of addresses, dns, nacos, kubernetes or function"),
            Case(
                "upstreams: { a: { addresses: [\"https://a\", \"http://b\"], http: 2 } }",
                "hub.yaml:1:63: error: \"http\" is for https, and http://b is not — begin the addresses with https://"),
            Case(
                "upstreams: { a: { addresses: [\"http://b\"], tls: { ca: a.pem } } }",
                "hub.yaml:1:49: error: \"tls\" is for https, and http://b is not — begin the addresses with https://"),
            Case(
                "upstreams: { a: { addresses: [\"https://a\"], http: 3 } }",
                "hub.yaml:1:51: error: \"http\" must be a whole number from 1 to 2"),
            Case(
                "servers: { a: { openapi: x, mcp: \"http://m\" } }", "hub.yaml:1:29: error: only one of openapi or mcp may stand in \"a\""),
            Case(
                "servers: { a: { http: [{ name: b, request: GET /b }] } }",
                "hub.yaml:1:23: error: endpoints written by hand need an upstream that they are sent to — add `upstreams: { a: { addresses: [\"http://HOST:PORT\"] } }` and `upstream: a` here"
            ),
            Case(
                "servers: { a: { openapi: x, credentials: { k: env:K } } }",
                "hub.yaml:1:42: error: credentials are sent to an upstream alone, never to an address that only a description names — add `upstreams: { a: { addresses: [\"https://HOST\"] } }` and `upstream: a` here"
            ),
            Case(
                "upstreams: { a: { addresses: [\"http://a\"], credential: { header: { value: env:A } } } }",
                "hub.yaml:1:58: error: \"header\" needs \"name\""),
            Case(
                server + "    tools: { x: { arguments: { y: { fix: 1, default: 2 } } } }",
                "hub.yaml:4:45: error: only one of fix or default may stand in \"y\""),
            Case("- a", "hub.yaml:1:1: error: a configuration is a mapping of keys such as upstreams and servers — try `hubd demo`"),
        ])
    func wrongTypes(example: Case) {
        let lines = SettingsTestFiles.load(example.text).findings.map(\.description)
        #expect(lines.contains(example.complaint), "\(lines)")
    }

    @Test(
        "a repeated key is an error that names the first",
        arguments: [
            Case("data: a\ndata: b", #"hub.yaml:2:1: error: "data" stands twice — first at hub.yaml:1:1"#),
            Case(
                "upstreams:\n  a: { addresses: [\"http://a\"] }\n  a: { addresses: [\"http://b\"] }",
                #"hub.yaml:3:3: error: "a" stands twice — first at hub.yaml:2:3"#),
            Case(
                server + "virtualServers:\n  a: { include: [ { server: a } ] }",
                #"hub.yaml:5:3: error: "a" stands twice — first at hub.yaml:2:3"#),
            Case(
                server + "    tools: { x: { hidden: true, hidden: false } }",
                #"hub.yaml:4:33: error: "hidden" stands twice — first at hub.yaml:4:19"#),
        ])
    func repeatedKeys(example: Case) {
        let (settings, findings) = SettingsTestFiles.load(example.text)
        #expect(settings == nil)
        #expect(findings.map(\.description).contains(example.complaint), "\(findings)")
    }

    @Test(
        "a name that could not stand in a path is refused with one that could",
        arguments: ["Orders", "my_server", "-a", String(repeating: "a", count: 64)])
    func badNames(name: String) {
        let findings = SettingsTestFiles.load("servers: { \"\(name)\": { openapi: x } }").findings
        #expect(findings.count == 1)
        #expect(findings.first?.message.contains("is not a name") == true)
        #expect(findings.first?.place.position?.column == 12)
        #expect(findings.first?.hint?.hasPrefix("for example \"") == true)
    }

    @Test("a name of 63 characters is one")
    func longestName() {
        #expect(SettingsTestFiles.load("servers: { \(String(repeating: "9", count: 63)): { openapi: x } }").findings.isEmpty)
    }

    @Test(
        "a secret in the file is refused with the ways to do it right, and never repeated",
        arguments: [
            "admin: { token: SWORDFISH }", "admin: { token: 5190 }", "admin: { token: [SWORDFISH] }", "masterKey: SWORDFISH",
            "masterKey: store:SWORDFISH", "upstreams: { a: { addresses: [\"http://a\"], credential: { bearer: SWORDFISH } } }",
            "upstreams: { a: { addresses: [\"http://a\"], credential: { basic: { username: u, password: \"p:SWORDFISH\" } } } }",
            "servers: { a: { command: [x], env: { API_KEY: SWORDFISH } } }",
            "upstreams: { u: { addresses: [\"http://a\"] } }\nservers: { a: { openapi: x, upstream: u, credentials: { k: SWORDFISH } } }",
        ])
    func bareSecrets(text: String) throws {
        let findings = SettingsTestFiles.load(text).findings.filter { !$0.message.contains("not in this version") }
        let finding = try #require(findings.first)
        #expect(findings.count == 1)
        #expect(finding.message.contains("takes a reference to a secret, never the secret itself"))
        #expect(finding.hint?.contains("env:NAME") == true && finding.hint?.contains("file:PATH") == true)
        #expect(!finding.description.contains("SWORDFISH") && !finding.description.contains("5190"))
    }

    @Test("half a reference is refused with its whole form", arguments: ["env:", "env:A-B", "env:1A", "file:", "store:", "store:A_B"])
    func halfReferences(reference: String) {
        let findings = SettingsTestFiles.load("admin: { token: \"\(reference)\" }").findings
        #expect(findings.map(\.message) == ["\"token\" is not a whole reference"])
    }

    @Test(
        "a key of AWS KMS is an identifier, an alias, or the ARN of either",
        arguments: [
            ("1234abcd-12ab-34cd-56ef-1234567890ab", true), ("alias/hub", true),
            ("arn:aws:kms:eu-central-1:111122223333:key/mrk-1234", true), (String(repeating: "a", count: 2048), true), ("", false),
            ("a b", false), ("alias/hub#field", false), ("ä", false), ("a\u{1}", false), (String(repeating: "a", count: 2049), false),
        ])
    func keyNames(id: String, isGood: Bool) {
        #expect((SecretReference("aws-kms:" + id, directory: "", place: SourcePlace(file: "hub.yaml")) != nil) == isGood)
    }

    @Test(
        "a master key is not kept where only what is sealed under it lets the hub in",
        arguments: [
            ("aws-kms:a", "aws: { region: r, credential: { id: a, secret: store:s } }"),
            ("alibaba-kms:a#b", "alibaba: { region: r, credential: { id: a, secret: store:s } }"),
            ("vault:a/b#c", "vault: { address: https://v, token: store:s }"),
        ])
    func masterKeyUnderItself(key: String, place: String) {
        let complaint = "this is sealed under the master key, which is kept where this lets the hub in"
        let findings = SettingsTestFiles.load("secrets: { \(place) }\nmasterKey: \"\(key)\"").findings
        #expect(findings.map(\.message) == [complaint])
        #expect(findings.first?.place.position?.line == 1)
        #expect(SettingsTestFiles.load("secrets: { \(place) }\nmasterKey: env:K").findings == [])
        #expect(SettingsTestFiles.load("secrets: { \(place.replacing("store:s", with: "env:S")) }\nmasterKey: \"\(key)\"").findings == [])
    }

    @Test(
        "what this version lacks is an error at its key",
        arguments: [
            Case("telemetry: { otlp: { endpoint: \"http://a\" } }", #"hub.yaml:1:1: error: "telemetry" is not in this version"#),
            Case(
                "models: { a: { access: [ {} ], services: { m: { provider: openai-compatible, endpoint: \"http://a\" } } } }",
                #"hub.yaml:1:16: error: "access" is not in this version"#),
            Case(
                "upstreams: { a: { addresses: [\"http://a\"], balance: least-request } }",
                #"hub.yaml:1:53: error: "least-request" is not in this version — this version has round-robin, weighted"#),
        ])
    func notInThisVersion(example: Case) {
        #expect(SettingsTestFiles.load(example.text).findings.map(\.description) == [example.complaint])
    }

    @Test(
        "ways in that lack what they need are errors that say what",
        arguments: [
            Case(
                server + "    auth: [jwt]", #"hub.yaml:4:11: error: no tokens are taken — name whose under identity: { jwt: … }"#),
            Case(
                "publicUrl: https://a.test\n" + server + "    auth: [oauth]",
                "hub.yaml:5:11: error: oauth needs authorization servers — write oauth: { authorizationServers: [URL] } beside it"),
            Case(
                server + "    auth: [oauth]\n    oauth: { authorizationServers: [\"https://b.test\"] }",
                "hub.yaml:4:11: error: oauth needs the URL by which clients know the hub — write publicUrl"),
            Case(
                "identity: { jwt: [ { issuer: \"https://b.test\", jwks: \"https://b.test/k\", audience: hub, algorithms: [HS256] } ] }",
                "hub.yaml:1:102: error: HS256 is for a shared secret — write secret: in place of jwks:"),
            Case(
                "identity: { jwt: [ { issuer: \"https://b.test\", secret: \"env:A\", audience: hub, algorithms: [RS256] } ] }",
                "hub.yaml:1:93: error: RS256 is for public keys — HS256, HS384 and HS512 are for a secret"),
            Case(
                "publicUrl: https://a.test\nidentity: { jwt: [ { issuer: \"https://b.test\", jwks: \"https://b.test/k\" } ] }\n" + server
                    + "    auth: [oauth]\n    oauth: { authorizationServers: [\"https://b.test\"] }",
                #"hub.yaml:2:20: error: "https://b.test" is an authorization server, and says here of no token for whom it is — write audience: [NAME]"#
            ),
            Case(
                "consumers: { a: { jwt: { issuer: \"https://b.test\" } } }",
                #"hub.yaml:1:34: error: no tokens of "https://b.test" are taken — name the issuer and its keys under identity: { jwt: … }"#
            ),
        ])
    func waysIn(example: Case) {
        let errors = SettingsTestFiles.load(example.text).findings.filter { $0.severity == .error }
        #expect(errors.map(\.description) == [example.complaint])
    }

    @Test(
        "keys that come over the network without encryption are warned of",
        arguments: [
            ("http://idp.test/keys?x=1", ["hub.yaml:1:55: warning: keys come from http://idp.test without encryption — use https"]),
            ("http://10.0.0.1/keys", ["hub.yaml:1:55: warning: keys come from http://10.0.0.1 without encryption — use https"]),
            ("http://127.0.0.1:9/keys", []), ("https://idp.test/keys", []), ("keys.json", []),
        ])
    func plainHTTP(keys: String, complaints: [String]) {
        let text = "identity: { jwt: [ { issuer: \"http://idp.test\", jwks: \"\(keys)\", audience: hub } ] }"
        #expect(SettingsTestFiles.load(text).findings.map(\.description) == complaints)
    }

    @Test("the same of authorization servers, whose metadata says where the keys are, where no keys are named for them")
    func plainHTTPServer() {
        let text = """
            publicUrl: https://hub.test
            servers:
              a: { openapi: a.yaml, auth: [oauth], oauth: { authorizationServers: ["http://idp.test", "https://idp.test", "http://[::1]:9"] } }
            """
        #expect(SettingsTestFiles.load(text).findings.map(\.message) == ["keys come from http://idp.test without encryption"])
        let known = "identity: { jwt: [ { issuer: \"http://idp.test\", jwks: keys.json, audience: hub } ] }\n"
        #expect(SettingsTestFiles.load(known + text).findings.isEmpty)
    }

    @Test("the example of the contract has no fault but sections that this version lacks")
    func contractExampleIsWellFormed() {
        let (settings, findings) = SettingsTestFiles.load(contractExample)
        #expect(settings == nil)
        #expect(findings.filter { !$0.message.hasSuffix("is not in this version") } == [])
        let lacking = Set(findings.compactMap { $0.message.split(separator: "\"").first })
        #expect(
            lacking == [
                "clusters", "least-request", "health", "retries", "dns", "nacos", "kubernetes", "function", "registries",
                "limits", "guards", "masks", "plugins", "telemetry", "webSearch",
            ])
    }

    @Test("below a section that this version lacks, form is still checked")
    func checksFormBelow() {
        let lines = SettingsTestFiles.load("agents:\n  a:\n    skils: { server: b }").findings.map(\.description)
        #expect(lines.contains(#"hub.yaml:3:5: error: unknown key "skils" — did you mean "skills"?"#), "\(lines)")
    }

    @Test("a reference to an entry that is not there names the one that was meant")
    func unknownReferences() {
        let upstream = "upstreams: { orders: { addresses: [\"http://a\"] } }\n"
        let near = SettingsTestFiles.load(upstream + Self.server + "    upstream: order").findings.map(\.description)
        #expect(near == [#"hub.yaml:5:15: error: no upstream is called "order" — did you mean "orders"?"#])
        let none = SettingsTestFiles.load(Self.server + "    upstream: order").findings.map(\.description)
        #expect(none == [#"hub.yaml:4:15: error: no upstream is called "order" — there is none"#])
        let policy = SettingsTestFiles.load("policies: { limits: [ { name: a, on: \"server:x\" } ] }").findings.map(\.message)
        #expect(policy.contains(#"no server is called "x""#))
    }

    @Test("a finding is one JSON object for programs")
    func findingAsJSON() throws {
        var json = JSONWriter()
        try #require(SettingsTestFiles.load("listn: x").findings.first).write(to: &json)
        #expect(
            String(buffer: json.buffer)
                == #"{"severity":"error","file":"hub.yaml","line":1,"column":1,"message":"unknown key \"listn\"","hint":"did you mean \"listen\"?"}"#
        )
    }

    @Test("names from the file are shown without control characters and cut short")
    func shownNames() throws {
        let name = "\\e[31m" + String(repeating: "x", count: 100)
        let finding = try #require(SettingsTestFiles.load("\"\(name)\": 1").findings.first)
        #expect(!finding.message.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(finding.message.count < 90)
    }

    @Test("a file with thousands of faults ends in a bounded list")
    func boundedFindings() {
        let text = (0..<5000).map { "key\($0): 1\n" }.joined()
        #expect(SettingsTestFiles.load(text).findings.count == FindingCollector.maximum + 1)
    }

    @Test(
        "hostile YAML ends in one finding with a place",
        arguments: [
            Case("servers: &x [*x]", "hub.yaml:1:14: error: an alias inside the value that it stands for"),
            Case("servers: &x\n  <<: *x", "hub.yaml:2:3: error: a merge key (<<): YAML 1.2 has none, write the members out"),
            Case("servers:\n\ta: 1", "hub.yaml:2:1: error: not valid YAML: a tab where YAML wants spaces"),
            Case("a: " + String(repeating: "[", count: 100_000), "hub.yaml:1:5: error: the text is nested too deeply"),
            Case(
                "listen: !!python/name:os.system x",
                "hub.yaml:1:9: error: the tag tag:yaml.org,2002:python/name:os.system is not one that stands here; only those of YAML's core schema do"
            ),
            Case("? [a]\n: b", "hub.yaml:1:3: error: a sequence or mapping as a key; keys are strings"),
            Case("listen: \"\u{1}\"", "hub.yaml:1:10: error: not readable as UTF-8 text: control characters are not allowed"),
            Case("a: 1\n---\nb: 1", "hub.yaml:2:1: error: a second YAML document begins here; one file holds one"),
        ])
    func hostileYAML(example: Case) {
        let (settings, findings) = SettingsTestFiles.load(example.text)
        #expect(settings == nil)
        #expect(findings.map(\.description) == [example.complaint])
    }

    @Test("a file of a hundred thousand faults is read in one go and does not compare them all")
    func manyFaults() {
        let servers = (0..<20_000).map { "  s\($0): { upstream: u\($0), openapi: x, y: z }\n" }.joined()
        let (settings, findings) = SettingsTestFiles.load("servers:\n" + servers)
        #expect(settings == nil)
        #expect(findings.count == FindingCollector.maximum + 1)
    }
}
