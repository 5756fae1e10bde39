import HubCore
import ModelProxy
import SpecIngest
import Testing

@testable import hubd

@Suite("models in hub.yaml")
struct SettingsModelTests {
    private static let upstreams =
        "upstreams: { gpu: { addresses: [\"http://gpu\"] }, paid: { addresses: [\"http://paid\"], credential: { bearer: env:PAID } } }\n"

    @Test("a Model API with one service arrives")
    func arrives() throws {
        let text =
            Self.upstreams + """
                models:
                  default:
                    description: Chat.
                    services: { main: { provider: openai-compatible, endpoint: "https://api.example.com/v1/", key: env:KEY } }
                    auth: none
                  local: { services: { a: { provider: openai-compatible, upstream: gpu, key: file:key } } }
                  paid: { services: { a: { provider: openai-compatible, upstream: paid } } }
                """
        let (loaded, findings) = SettingsTestFiles.load(text)
        #expect(findings.isEmpty, "\(findings)")
        let settings = try #require(loaded)
        #expect(settings.models.map(\.name) == ["default", "local", "paid"])
        #expect(settings.models[0].services[0].location == .endpoint(try #require(HTTPAddress("https://api.example.com/v1"))))
        #expect(settings.models[0].services[0].secrets.map(\.name) == ["KEY"])
        #expect(settings.models[0].auth == .none)
        guard case .upstream(let named) = settings.models[1].services[0].location else { return }
        #expect(named.value == "gpu")
        #expect(settings.models[1].auth == .unwritten && settings.hasUnwrittenAuth)
        #expect(settings.secrets.map(\.name) == ["PAID", "KEY", "key"])
    }

    @Test("Model APIs of several files come together, and one name stands once")
    func severalFiles() {
        let api = "models: { NAME: { services: { a: { provider: openai-compatible, endpoint: \"http://a\" } } } }"
        var files = ["hub.yaml": "includeFiles: [b.yaml]\n" + api.replacing("NAME", with: "a"), "b.yaml": api.replacing("NAME", with: "b")]
        #expect(SettingsTestFiles(files: files).load().settings?.models.map(\.name) == ["a", "b"])
        files["b.yaml"] = api.replacing("NAME", with: "a")
        #expect(
            SettingsTestFiles(files: files).load().findings.map(\.description)
                == [#"b.yaml:1:11: error: "a" stands twice — first at hub.yaml:2:11"#])
    }

    /// Members of one service, and the one complaint about them.
    struct Case: Sendable, CustomTestStringConvertible {
        let service: String
        let complaint: String

        init(_ service: String, _ complaint: String) {
            self.service = service
            self.complaint = complaint
        }

        var testDescription: String { complaint }
    }

    @Test(
        "what is wrong with a service is said at its place with what to do",
        arguments: [
            Case(
                "provider: openai-compatible",
                #"3:16: error: "a" does not say where it is — write endpoint: URL, or upstream: with the name of one"#),
            Case(
                "provider: openai-compatible, endpoint: \"http://a\", upstream: gpu",
                #"3:82: error: only one of endpoint or upstream may stand in "a""#),
            Case(
                "provider: openai-compatible, upstream: paid, key: env:K",
                #"3:71: error: "a" has a key, and its upstream "paid" a credential — keep one of them"#),
            Case("provider: openai-compatible, upstream: gp", #"3:60: error: no upstream is called "gp" — did you mean "gpu"?"#),
            Case("provider: bedrock", #"3:16: error: "a" does not say where it is — write region, such as us-east-1"#),
            Case(
                "provider: bedrock, upstream: gpu, credential: { id: a, secret: env:S }",
                "3:67: error: a signature names the region — write region, such as us-east-1"),
            Case(
                "provider: openai, key: env:K, keys: [ env:L ]", "3:57: error: only one of key, keys or credential may stand here"),
            Case(
                "provider: vllm", #"3:16: error: "a" does not say where it is — write endpoint: URL, or upstream: with the name of one"#),
            Case(
                "provider: openai, deployment: x", #"3:51: error: "deployment" is for azure"#),
            Case(
                "provider: openai-compatible, endpoint: \"http://a\", region: x", #"3:80: error: "region" is for bedrock"#),
            Case("endpoint: \"http://a\"", #"3:16: error: "a" needs "provider""#),
        ])
    func complaints(example: Case) {
        let text = Self.upstreams + "models: { m: { auth: none,\n   services: { a: { \(example.service) } } } }"
        #expect(SettingsTestFiles.load(text).findings.map(\.description) == ["hub.yaml:" + example.complaint])
    }

    @Test("a key that is written out is refused and not repeated")
    func bareKey() {
        let text = "models: { m: { services: { a: { provider: openai-compatible, endpoint: \"http://a\", key: sk-123 } } } }"
        let findings = SettingsTestFiles.load(text).findings
        #expect(findings.count == 1 && findings.first?.description.contains("sk-123") == false)
    }

    @Test("services, routes and what trying may cost arrive")
    func routes() throws {
        let text = """
            models:
              m:
                services:
                  a: { provider: openai, keys: [env:A, env:B] }
                  b: { provider: bedrock, region: eu-west-1, credential: { id: env:I, secret: env:S } }
                routes:
                  - { when: { header: { x-tier: gold }, model: "gpt-*" }, to: [ { service: a, weight: 3 }, { service: b, model: n, weight: 1 } ] }
                  - { to: [ { service: b } ], fallback: [ { service: a, model: gpt } ] }
                attempts: 2
                toolSelection: { limit: 12 }
                cache: { ttl: 10m }
                timeouts: { firstEvent: 5s, idle: 30s }
            """
        let (loaded, findings) = SettingsTestFiles.load(text)
        #expect(findings.isEmpty, "\(findings)")
        let settings = try #require(loaded)
        let entry = try #require(settings.models.first)
        #expect(
            entry.services.map(\.location)
                == ["https://api.openai.com", "https://bedrock-runtime.eu-west-1.amazonaws.com"].map {
                    HTTPAddress($0).map { .endpoint($0) }
                })
        #expect(settings.secrets.map(\.name) == ["A", "B", "I", "S"])
        #expect(entry.routes.first?.headers == ["x-tier": "gold"] && entry.routes.first?.model == "gpt-*")
        #expect(entry.routes.first?.destinations.map(\.weight) == [3, 1] && entry.routes.first?.destinations.last?.model == "n")
        #expect(entry.routes.last?.fallback == [ModelRouteEntry.Destination(service: "a", model: "gpt")])
        #expect(entry.toolLimit == 12 && entry.cache == ModelEntry.Cache(lifetime: .seconds(600), isShared: false))
        #expect(entry.limits.attempts == 2 && entry.limits.firstEvent == .seconds(5) && entry.limits.idle == .seconds(30))
    }

    @Test(
        "what is wrong with an API, or comes later, is said, never ignored",
        arguments: [
            ("services: { a: A, b: A }", #"hub.yaml:1:11: error: nothing says which of the services answers"#),
            (
                "services: { abc: A }, routes: [ { to: [ { service: abd } ] } ]",
                #"hub.yaml:1:119: error: no service here is called "abd" — did you mean "abc"?"#
            ),
            ("services: { a: A }, routes: [ { to: [ { service: a, weight: 0 } ] } ]", "hub.yaml:1:104: error: all weights are 0"),
            (
                "services: { a: A }, routes: [ { to: [ { service: a } ] }, { when: { model: x }, to: [ { service: a } ] } ]",
                "hub.yaml:1:126: warning: no request comes as far as this route: the one before is for all"
            ),
            ("services: {}", #"hub.yaml:1:26: error: "services" is empty — name the provider that answers"#),
            ("description: x", #"hub.yaml:1:11: error: "m" needs "services""#),
        ])
    func later(members: String, complaint: String) {
        let service = "{ provider: openai-compatible, endpoint: \"http://a\" }"
        let text = "models: { m: { \(members.replacing("A", with: service)) } }"
        let findings = SettingsTestFiles.load(text).findings
        #expect(findings.count == 1)
        #expect(findings.first?.description.hasPrefix(complaint) == true, "\(findings)")
    }

    @Test("a Model API without auth is refused once others than this machine can call")
    func demandsAuth() {
        let text = "listen: 0.0.0.0:80\nmodels: { m: { services: { a: { provider: openai-compatible, endpoint: \"http://a\" } } } }"
        #expect(
            SettingsTestFiles.load(text).findings.map(\.description) == [
                #"hub.yaml:2:11: error: "models.m" has no auth, and the hub listens on 0.0.0.0:80 — write auth: none to leave it open"#
            ])
    }
}
