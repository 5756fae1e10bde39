import HubCore
import MCPHub
import SpecIngest
import Testing

@testable import hubd

@Suite("MCP servers and virtual servers in hub.yaml")
struct SettingsServersTests {
    @Test("an MCP server is an address or a command, with what belongs to it")
    func reads() throws {
        let text = """
            upstreams: { u: { addresses: ["https://u.test"], credential: { bearer: env:T } } }
            servers:
              a: { mcp: "https://a.test/mcp/?x=1", refresh: 5m, share: true, era: handshake, expose: false, timeouts: { connect: 3s, total: 1m } }
              b: { mcp: "https://b.test", upstream: u }
              c: { command: [python3, -m, server], env: { TOKEN: env:C, LEVEL: info }, directory: sub }
              d: { command: [./server], limits: { memory: 512MiB, cpuTime: 90s, openFiles: 64, processes: 16 } }
            """
        let files = SettingsTestFiles(files: ["etc/hub.yaml": text])
        let (loaded, findings) = SettingsLoader.load(path: "etc/hub.yaml", disk: files.disk)
        #expect(findings == [])
        let settings = try #require(loaded)
        let (a, b, c, d) = (settings.servers[0], settings.servers[1], settings.servers[2], settings.servers[3])
        guard case .mcp(let first) = a.description.value, case .mcp(let second) = b.description.value,
            case .command(let third) = c.description.value, case .command(let fourth) = d.description.value
        else {
            Issue.record("a server is not what it was written as")
            return
        }
        #expect(first.address.description == "https://a.test/mcp" && first.path == "/mcp/" && first.query == "?x=1")
        #expect(a.era == .handshake && b.era == .auto)
        #expect(a.isShared && !a.isExposed && a.refresh == .seconds(300))
        #expect(a.timeouts == ServerTimeouts(connect: .seconds(3), total: .seconds(60)))
        #expect(second.path.isEmpty && second.query.isEmpty && b.upstream?.value == "u" && b.isExposed && !b.isShared)
        #expect(third.words == ["python3", "-m", "server"] && third.directory == "etc/sub" && fourth.directory == "etc")
        #expect(third.limits == CommandLimits())
        #expect(fourth.limits == CommandLimits(memory: 512 << 20, cpuTime: .seconds(90), openFiles: 64, processes: 16))
        #expect(third.environment.map(\.name) == ["TOKEN", "LEVEL"] && third.environment[1].value == .plain("info"))
        #expect(c.secrets.map(\.name) == ["C"] && c.requestSecrets.isEmpty)
        #expect(settings.secrets.map(\.name) == ["T", "C"])
        #expect(Set(settings.auth.keys.map(\.name)) == ["b", "c", "d"])
    }

    @Test("a virtual server is put together from others")
    func readsVirtual() throws {
        let text = """
            servers: { a: { openapi: a.yaml, expose: false }, b: { mcp: "http://b", expose: false } }
            virtualServers:
              v:
                description: Both.
                include: [ { server: a }, { server: b, tools: [x, "y*"], prompts: ["*"], resources: [z], prefix: b_ } ]
                tools: { b_x: { rename: x } }
                routing: { mode: off }
                profile: openai
                list: { tokens: 900 }
                auth: [apiKey]
                cors: { origins: ["https://app.test"] }
                default: true
            consumers: { c: {} }
            """
        let (loaded, findings) = SettingsTestFiles.load(text)
        #expect(findings == [])
        let settings = try #require(loaded)
        let entry = try #require(settings.virtualServers.first)
        #expect(entry.name == "v" && entry.purpose == "Both." && entry.includes.map(\.server.value) == ["a", "b"])
        #expect(entry.includes[0].tools == nil && entry.includes[0].prompts.isEmpty && entry.includes[0].prefix.isEmpty)
        #expect(entry.includes[1].tools?.map(\.value) == ["x", "y*"] && entry.includes[1].resources.map(\.value) == ["z"])
        #expect(entry.includes[1].prefix == "b_" && entry.tools.map(\.name) == ["b_x"])
        #expect(entry.profile?.value == .openai && entry.list?.value == .within(tokens: 900))
        #expect(settings.defaultServer == "v")
        let key = EntryKey(kind: .mcp, name: "v")
        #expect(Array(settings.auth.keys) == [key] && settings.cors[key] != nil)
    }

    @Test(
        "what fits no server of its kind is refused",
        arguments: [
            ("a: { mcp: \"http://a\", server: x }", #"1:42: error: "server" is for an API, and this is an MCP server"#),
            (
                "a: { mcp: \"http://a\", credentials: { x: env:X } }",
                #"1:47: error: "credentials" is for an API, and this is an MCP server — write `credential:` at an upstream, and `upstream: NAME` here"#
            ),
            ("a: { mcp: \"http://a\", response: { items: 5 } }", #"1:44: error: "response" is for an API, and this is an MCP server"#),
            (
                "a: { mcp: \"http://a\", tools: { x: { response: { items: 5 } } } }",
                #"1:58: error: what an MCP server answers is passed on as it is — leave "response" out"#
            ),
            ("a: { mcp: \"http://a\", env: { A: b } }", #"1:39: error: "env" is for a command that the hub starts"#),
            ("a: { mcp: \"http://a\", limits: { openFiles: 64 } }", #"1:42: error: "limits" is for a command that the hub starts"#),
            ("a: { openapi: a.yaml, directory: b }", #"1:45: error: "directory" is for a command that the hub starts"#),
            ("a: { openapi: a.yaml, share: true }", #"1:41: error: "share" is for an MCP server"#),
            ("a: { openapi: a.yaml, era: modern }", #"1:39: error: "era" is for an MCP server"#),
            (
                "a: { mcp: \"a.test/mcp\" }",
                #"1:22: error: "mcp" must be an http or https URL without user name and fragment — begin with http:// or https://"#
            ),
            ("a: { command: [] }", #"1:26: error: "command" is empty"#),
        ])
    func refuses(server: String, complaint: String) {
        #expect(SettingsTestFiles.load("servers: { \(server) }").findings.map(\.description) == ["hub.yaml:\(complaint)"])
    }

    @Test("callers' tokens are exchanged for no MCP server, whose lists are everybody's")
    func exchangedTokens() {
        let exchange = "tokenExchange: { tokenUrl: \"https://idp.test/token\", clientId: hub, clientSecret: env:X }"
        let upstream = "upstreams: { u: { addresses: [\"https://a.test\"], credential: { \(exchange) } } }"
        let findings = SettingsTestFiles.load("\(upstream)\nservers: { a: { mcp: \"https://a.test/mcp\", upstream: u } }").findings
        #expect(findings.map(\.message) == ["a is listed in nobody's name, and u is shown callers' exchanged tokens alone"])
    }

    @Test("how callers find tools is read, and what finds one tool is kept with it")
    func routing() throws {
        let text = """
            servers: { a: { openapi: a.yaml } }
            virtualServers:
              v: { include: [ { server: a } ], routing: { mode: search, limit: 3, pinned: ["get_*"] }, tools: { x: { examples: [one, two] } } }
              w: { include: [ { server: a } ] }
            """
        let settings = try #require(SettingsTestFiles.load(text).settings)
        #expect(settings.virtualServers[0].routing == ToolRouting(mode: .search, limit: 3, pinned: ["get_*"]))
        #expect(settings.virtualServers[0].tools.map(\.examples) == [["one", "two"]])
        #expect(settings.virtualServers[1].routing == ToolRouting(mode: .off, limit: 8, pinned: []))
    }

    @Test(
        "what a virtual server cannot be is refused",
        arguments: [
            ("include: [ { server: w } ] }, w: { include: [ { server: a } ]", "w is a virtual server"),
            ("include: [ { server: b } ]", #"no server is called "b""#),
            ("include: []", #""include" is empty"#),
            (
                "include: [ { server: a } ], tools: { x: { response: { items: 1 } } }",
                "what is left of an answer is decided where the tool comes from"
            ),
            (
                "include: [ { server: a } ], default: true }, w: { include: [ { server: a } ], default: true",
                "only one server can be the default, and v is"
            ),
        ])
    func refusesVirtual(members: String, complaint: String) {
        let text = "servers: { a: { openapi: a.yaml } }\nvirtualServers: { v: { \(members) } }"
        #expect(SettingsTestFiles.load(text).findings.map(\.message) == [complaint])
    }

    @Test(
        "a server that asks for less than a virtual server of it is warned of, and refused where others can call, until expose is written",
        arguments: [
            ("auth: none", "auth: [apiKey]", true), ("auth: [apiKey]", "auth: [apiKey]", false),
            ("auth: [apiKey]", "auth: [apiKey, hmac]", false),
            ("auth: [apiKey, hmac]", "auth: [apiKey]", true), ("auth: none", "auth: none", false),
            ("auth: none, expose: true", "auth: [apiKey]", false), ("expose: false", "auth: [apiKey]", false),
        ])
    func ingredients(server: String, virtual: String, isSaid: Bool) {
        let text = """
            servers: { a: { openapi: a.yaml, \(server) } }
            virtualServers: { v: { include: [ { server: a } ], \(virtual) } }
            """
        let message = "a is also reached at /mcp/a, where it asks for less than v"
        let (settings, here) = SettingsTestFiles.load(text)
        #expect(settings != nil)
        #expect(here.map(\.message) == (isSaid ? [message] : []))
        let (others, there) = SettingsTestFiles.load("listen: 0.0.0.0:8080\n" + text)
        #expect((others == nil) == isSaid)
        #expect(there.map(\.message) == (isSaid ? [message] : []))
    }

    @Test("what is said of trust is read, and the stricter of a server and a virtual one counts")
    func trust() throws {
        let (loaded, findings) = SettingsTestFiles.load(
            """
            upstreams: { u: { addresses: ["http://127.0.0.1:1"] } }
            servers:
              docs: { mcp: "http://127.0.0.1:2/mcp" }
              web: { mcp: "http://127.0.0.1:3/mcp", trust: { pin: approval, results: untrusted } }
              own: { upstream: u, http: [ { name: get, request: "GET /a", description: A } ] }
            virtualServers:
              plain: { include: [ { server: docs }, { server: web }, { server: own } ] }
              loose:
                include: [ { server: docs }, { server: web }, { server: own } ]
                trust: { pin: off, flows: [ { deny: ["send*"] }, { after: ["get*"], deny: [a, b], for: 90s } ] }
              strict: { include: [ { server: own } ], trust: { pin: approval } }
            """)
        #expect(findings == [])
        let settings = try #require(loaded)
        #expect(settings.servers.map(\.pin) == [.firstUse, .approval, .off])
        #expect(settings.servers.map(\.trust.areResultsUntrusted) == [false, true, false])
        let pins = settings.virtualServers.map { virtual in settings.servers.map { settings.pin(of: $0, in: virtual) } }
        #expect(pins == [[.firstUse, .approval, .off], [.off, .approval, .off], [.approval, .approval, .approval]])
        #expect(settings.servers.map { settings.strictestPin(of: $0) } == [.firstUse, .approval, .approval])
        #expect(
            settings.virtualServers[1].trust.flows == [
                FlowRule(after: nil, deny: [NamePattern("send*")], seconds: 3600),
                FlowRule(after: [NamePattern("get*")], deny: [NamePattern("a"), NamePattern("b")], seconds: 90),
            ])
    }
}
