import HubCore
import HubPolicy
import SpecIngest
import Testing

@testable import hubd

@Suite("Rules as they are written") struct SettingsAccessTests {
    private static let head = """
        upstreams: { u: { addresses: ["http://127.0.0.1:1"] } }
        consumers: { bot: { groups: [support] } }
        servers:
          s:
            upstream: u
            http: [ { name: get, request: "GET /a", description: A } ]
            access:

        """

    private static func load(_ rules: String) -> (settings: Settings?, findings: [ConfigFinding]) {
        SettingsTestFiles.load(head + rules.split(separator: "\n").map { "      - " + $0 + "\n" }.joined())
    }

    @Test("each part of a rule is read")
    func rules() throws {
        let (settings, findings) = Self.load(
            """
            { consumers: [bot, anonymous, "oauth:https://c.test/x"], groups: [a, b], scopes: ["x:y"], tools: ["get*"], maxRisk: destructive }
            { claims: { azp: "s-*", realm.roles: [admin, "ops*"], verified: true }, effect: deny, maxRisk: read }
            { when: { arguments: { a.b: { equals: 5, matches: "x*" }, /c~1d: { oneOf: [1.50, "1", true] }, e: { atLeast: -1, atMost: 99.9 } } } }
            { when: { arguments: { path: { under: /srv/reports/ } } } }
            {}
            """)
        #expect(findings == [])
        let access = try #require(settings?.access(of: "s"))
        let path = { (text: String) in try #require(ArgumentPath(text)) }
        let number = { (text: String) in try #require(DecimalNumber(text)) }
        #expect(
            try access.map(\.value) == [
                AccessRule(
                    consumers: ["bot", "anonymous", "oauth:https://c.test/x"], groups: ["a", "b"], scopes: ["x:y"],
                    tools: [NamePattern("get*")], maxRisk: .destructive),
                AccessRule(
                    claims: [
                        ClaimCondition(path: try #require(ClaimPath("azp")), values: [.text(NamePattern("s-*"))]),
                        ClaimCondition(
                            path: try #require(ClaimPath("realm.roles")), values: [.text(NamePattern("admin")), .text(NamePattern("ops*"))]),
                        ClaimCondition(path: try #require(ClaimPath("verified")), values: [.bool(true)]),
                    ], maxRisk: .read, effect: .deny),
                AccessRule(conditions: [
                    ArgumentCondition(path: try path("a.b"), test: .oneOf([.number(try number("5"))])),
                    ArgumentCondition(path: try path("a.b"), test: .matches(NamePattern("x*"))),
                    ArgumentCondition(path: try path("/c~1d"), test: .oneOf([.number(try number("1.5")), .text("1"), .bool(true)])),
                    ArgumentCondition(path: try path("e"), test: .between(try number("-1"), try number("99.9"))),
                ]),
                AccessRule(conditions: [ArgumentCondition(path: try path("path"), test: .under(try #require(PlainPath("/srv/reports"))))]),
                AccessRule(),
            ])
        #expect(access.map { $0.place.position?.line } == [8, 9, 10, 11, 12])
        #expect(settings?.access(of: "x") == nil)
    }

    @Test(
        "what a rule cannot be is said at its place",
        arguments: [
            ("{ consumers: [bto] }", #"8:23: error: no consumer is called "bto" — did you mean "bot"?"#),
            ("{ consumers: [] }", #"8:22: error: "consumers" is empty"#),
            (
                "{ consumers: [\"a b\"] }",
                #"8:23: error: an element of "consumers" must be the name of a consumer, anonymous, or oauth: and a client of an authorization server, not "a b""#
            ),
            ("{ consumer: [bot] }", #"8:11: error: unknown key "consumer" — did you mean "consumers"?"#),
            ("{ tools: [] }", #"8:18: error: "tools" is empty"#),
            ("{ effect: refuse }", #"8:19: error: "effect" cannot be "refuse" — it is allow or deny"#),
            ("{ maxRisk: writ }", #"8:20: error: "maxRisk" cannot be "writ" — did you mean "write"?"#),
            ("{ claims: { \"\": x } }", #"8:21: error: an empty name in "claims""#),
            ("{ when: {} }", #"8:11: error: "when" needs "arguments""#),
            (
                "{ when: { arguments: { a..b: { equals: 1 } } } }",
                "8:32: error: not the place of an argument — a JSON pointer, or names with dots between them, at most 16"
            ),
            ("{ when: { arguments: { a: {} } } }", #"8:32: error: nothing is said of "a" — write equals, for example"#),
            (
                "{ when: { arguments: { a: { equals: [1] } } } }",
                #"8:45: error: "equals" must be text, a number or true or false, not a list"#
            ),
            ("{ when: { arguments: { a: { atMost: x } } } }", #"8:45: error: "atMost" must be a number, not text"#),
            ("{ when: { arguments: { a: { atMost: 1e9999999999 } } } }", "8:45: error: no number that can be compared"),
            ("{ when: { arguments: { a: { atMost: 1, atLeast: 2 } } } }", "8:35: error: nothing is at least 2 and at most 1"),
            (
                "{ when: { arguments: { a: { under: /srv/../x } } } }",
                "8:44: error: not a path that can be read in one way only — write it without .., //, % and backslashes"
            ),
            (
                "{ effect: deny }",
                "8:9: warning: a rule goes up to write where it does not say, and this one denies nothing that is destructive — write maxRisk: destructive, or maxRisk: write if that is meant"
            ),
        ])
    func complaints(rule: String, complaint: String) {
        let found = Self.load(rule).findings.map(\.description)
        #expect(found.contains("hub.yaml:" + complaint), "\(found)")
    }

    @Test("a list of rules is not empty, and not endless")
    func bounds() {
        let text = Self.head.replacing("access:\n", with: "access: []\n")
        #expect(SettingsTestFiles.load(text).findings.map(\.description) == [#"hub.yaml:7:13: error: "access" is empty"#])
        let many = Self.load([String](repeating: "{}", count: 1001).joined(separator: "\n")).findings
        #expect(many.map(\.message) == ["more than 1000 rules"])
    }

    @Test("a server that is reached without the rules of the virtual server that includes it is warned of")
    func ingredients() {
        func found(_ server: String, _ access: String) -> [String] {
            SettingsTestFiles.load(
                """
                servers: { s: { openapi: a.yaml\(server) } }
                virtualServers: { v: { include: [ { server: s } ]\(access) } }
                """
            ).findings.map(\.message)
        }
        #expect(found("", ", access: [ {} ]") == ["s is also reached at /mcp/s, where it asks for less than v"])
        for server in [", expose: false", ", expose: true", ", access: [ {} ]"] { #expect(found(server, ", access: [ {} ]") == []) }
        #expect(found("", "") == [])
    }
}
