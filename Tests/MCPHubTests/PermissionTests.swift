import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

/// Rules of a test: rule 0 is about `one`, who may use tools whose name begins with `a`; rule 1 about `all`, who may use everything; rule 2
/// about `none`, who may use nothing. `a_limited` may be called with `{"ok":true}` alone.
private struct StubPermission: EntryPermission {
    var readers: Set<String> = ["one", "all"]

    func standing(of principal: Principal) -> CallerStanding {
        var standing = CallerStanding(none: 3)
        if principal.consumer == "one" { standing.insert(0) }
        if principal.consumer == "all" { standing.insert(1) }
        if readers.contains(principal.consumer) { standing.insert(2) }
        return standing
    }

    func shows(tool: String, to standing: CallerStanding) -> Bool {
        standing.contains(1) || standing.contains(0) && tool.hasPrefix("a")
    }

    func allows(tool: String, arguments: JSONValue?, to standing: CallerStanding) -> Bool {
        shows(tool: tool, to: standing) && (tool != "a_limited" || arguments?["ok"]?.bool == true)
    }

    func showsItems(to standing: CallerStanding) -> Bool { standing.contains(2) }
}

@Suite("What rules open and close", .timeLimit(.minutes(1)))
struct PermissionTests {
    private let origin = StubOrigin { request, _ in
        switch request.method {
        case .getPrompt: #"{"messages":[]}"#
        case .readResource: #"{"contents":[{"uri":"x:a","text":"A"}]}"#
        case .complete: #"{"completion":{"values":["paris"]}}"#
        case .callTool: #"{"content":[]}"#
        case .getTask, .updateTask, .cancelTask: "{}"
        }
    }
    private let hub: StubHub

    init() {
        var hub = StubHub()
        hub.server = Self.server(origin, hub.runtime, StubPermission())
        self.hub = hub
    }

    private static func server(_ origin: StubOrigin, _ runtime: MCPRuntime, _ permission: StubPermission?) -> MCPServer {
        let described = ToolListMaker(profile: nil, detail: .lazy).list(
            ["a_get", "a_limited", "b_put"].map { StubHub.definition($0, "Does \($0).") })
        let tools = described.listed.map { Tool(definition: $0, target: origin.tool($0.name).target) }
        var offer = ServerOffer(tools: ToolSet(tools + [described.describing].compactMap { $0 }))
        offer.prompts = [origin.item("greet")]
        offer.resources = [origin.item("a", uri: "x:a")]
        offer.templates = [origin.item("t", uri: "x:{id}/data")]
        offer.completes = true
        offer.tellsOfUpdates = true
        return MCPServer(
            name: "stub", title: nil, version: nil, instructions: nil, offer: offer, hosts: HostRule(names: [], allowsLoopback: true),
            runtime: runtime, permission: permission)
    }

    private static func caller(_ name: String) -> Principal {
        Principal(consumer: name, credential: CredentialID(kind: .apiKey, name: name))
    }

    private func ask(_ caller: String, _ method: String, _ params: String = "", name: String? = nil) async throws -> StubResponseWriter {
        var fields: HTTPFields = [.mcpProtocolVersion: "2026-07-28", .mcpMethod: method]
        if let name { fields[.mcpName] = name }
        let body =
            #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{\#(params.isEmpty ? "" : params + ",")\#(StubHub.meta)}}"#
        var request = hub.request(.post, body, fields: fields)
        request.principal = Self.caller(caller)
        return try await hub.send(request)
    }

    private func call(_ caller: String, _ tool: String, _ arguments: String = "{}") async throws -> StubResponseWriter {
        try await ask(caller, "tools/call", #""name":"\#(tool)","arguments":\#(arguments)"#, name: tool)
    }

    private func names(_ caller: String) async throws -> [String] {
        try await ask(caller, "tools/list").json()[path: "result", "tools"]?.elements.compactMap { $0["name"]?.string } ?? []
    }

    // MARK: Tools

    @Test(
        "a caller sees what some rule allows, and what tells of that",
        arguments: [
            ("one", ["a_get", "a_limited", "describe_tool"]), ("all", ["a_get", "a_limited", "b_put", "describe_tool"]), ("none", []),
        ])
    func lists(caller: String, tools: [String]) async throws {
        for _ in 0..<2 { #expect(try await names(caller) == tools) }  // the second time from memory
        #expect(try await ask(caller, "tools/list").json()[path: "result", "cacheScope"]?.string == "private")
    }

    @Test(
        "what a caller may not call is told from what is not there in nothing but the name it gave",
        arguments: [("one", "b_put"), ("none", "a_get"), ("none", "describe_tool")])
    func forbidden(caller: String, tool: String) async throws {
        let (forbidden, absent) = (try await call(caller, tool), try await call(caller, "absent"))
        #expect(forbidden.status == 400 && absent.status == 400)
        #expect(forbidden.text.replacing(tool, with: "absent") == absent.text)
        #expect(try forbidden.json()[path: "error", "code"]?.int == -32602 && origin.asked.isEmpty)
        #expect(try await call("all", tool == "describe_tool" ? "a_get" : tool).status == 200)
    }

    @Test("a call whose arguments no rule allows does not reach the server, and says no more than that")
    func arguments() async throws {
        #expect(try await call("one", "a_limited", #"{"ok":true}"#).status == 200 && origin.asked.count == 1)
        for arguments in ["{}", #"{"ok":false}"#, #"{"ok":"true"}"#] {
            let refused = try await call("all", "a_limited", arguments)
            #expect(refused.status == 400)
            #expect(
                try refused.json()[path: "error", "message"]?.string == "This tool may not be called with these arguments")
        }
        #expect(origin.asked.count == 1)
        #expect(try await call("none", "a_limited", #"{"ok":true}"#).text.contains("Unknown tool"))
    }

    @Test("the tool that tells of others tells of none that the caller may not use")
    func describing() async throws {
        func told(_ caller: String) async throws -> String {
            try await call(caller, "describe_tool", #"{"name":["a_get","b_put"]}"#).text
        }
        #expect(try await told("all").contains("Does b_put."))
        let some = try await told("one")
        #expect(some.contains("Does a_get.") && !some.contains("Does b_put."))
    }

    @Test("handshake sessions hear the same, as errors inside the session")
    func handshake() async throws {
        func send(_ caller: String, _ body: String, session: String? = nil) async throws -> StubResponseWriter {
            var request = hub.request(.post, body, fields: session.map { [.mcpSessionID: $0] } ?? [:])
            request.principal = Self.caller(caller)
            return try await hub.send(request)
        }
        let hello =
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#
        let session = try #require(try await send("one", hello).recorded.head?.headerFields[.mcpSessionID])
        func call(_ tool: String) async throws -> StubResponseWriter {
            try await send(
                "one", #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(tool)","arguments":{}}}"#, session: session)
        }
        let (forbidden, absent) = (try await call("b_put"), try await call("absent"))
        #expect(forbidden.status == 200 && absent.status == 200 && forbidden.text.replacing("b_put", with: "absent") == absent.text)
        #expect(try forbidden.json()[path: "error", "code"]?.int == -32602)
        #expect(try await call("a_limited").json()[path: "error", "code"]?.int == -32602)
        #expect(try await call("a_get").json()["error"] == nil)
        let listed = try await send("one", #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#, session: session).text
        #expect(listed.contains("a_get") && !listed.contains("b_put"))
    }

    @Test("scopes and rules both have to open a tool, and a scope is asked for only where the rules allow the tool")
    func scopes() throws {
        let resource = ProtectedResource(
            identifier: "https://hub.test/mcp/s", metadataURL: "https://hub.test/m",
            scopes: [
                ProtectedResource.Scope(name: "get", tools: [NamePattern("*_get")]),
                ProtectedResource.Scope(name: "put", tools: [NamePattern("*_put"), NamePattern("a_limited")]),
            ])
        let views = try #require(ScopedViews(resource, permission: StubPermission(), of: hub.server.tools))
        func holder(_ consumer: String, _ scopes: Set<String>?) -> Principal {
            Principal(consumer: consumer, credential: CredentialID(kind: .oauth, name: consumer), scopes: scopes)
        }
        func seen(_ principal: Principal) -> [String]? { views.view(for: principal)?.tools.tools.map(\.definition.name) }
        #expect(seen(holder("one", ["get", "put"])) == ["a_get", "a_limited", "describe_tool"])
        #expect(seen(holder("one", ["put"])) == ["a_limited", "describe_tool"])
        #expect(seen(holder("all", ["put"])) == ["a_limited", "b_put", "describe_tool"])
        #expect(seen(holder("none", ["get", "put"])) == [] && seen(holder("one", nil)) == ["a_get", "a_limited", "describe_tool"])
        for principal in ["one", "all", "none"].flatMap({ name in [[], ["get"], ["put"]].map { holder(name, Set($0)) } }) {
            for tool in hub.server.tools.tools.map(\.definition.name) + ["absent"] {
                let view = views.view(for: principal)?.tools
                #expect((views.tool(tool, for: principal) != nil) == (view?[tool] != nil), "\(principal.consumer) \(tool)")
            }
        }
        #expect(views.challenge(forCallOf: "b_put", by: holder("all", ["get"])) != nil)
        #expect(views.challenge(forCallOf: "b_put", by: holder("one", ["get"])) == nil)
        #expect(views.challenge(forCallOf: "a_limited", by: holder("one", ["get"])) != nil)
    }

    // MARK: Prompts and resources

    @Test("who may use nothing finds no prompts and no resources, as if there were none")
    func items() async throws {
        for (method, list) in [
            ("prompts/list", "prompts"), ("resources/list", "resources"), ("resources/templates/list", "resourceTemplates"),
        ] {
            let (shown, hidden) = (try await ask("one", method).json()["result"], try await ask("none", method).json()["result"])
            #expect(shown?[list]?.count == 1 && hidden?[list]?.count == 0 && hidden?[list]?.kind == .array)
            #expect(shown?["cacheScope"]?.string == "private" && hidden?["cacheScope"]?.string == "private")
        }
        for (method, params, name) in [
            ("prompts/get", #""name":"NAME""#, "greet"), ("resources/read", #""uri":"NAME""#, "x:a"),
            ("completion/complete", #""ref":{"type":"ref/prompt","name":"NAME"},"argument":{"name":"a","value":"p"}"#, "greet"),
            ("completion/complete", #""ref":{"type":"ref/resource","uri":"NAME"},"argument":{"name":"a","value":"p"}"#, "x:{id}/data"),
        ] {
            func answer(_ caller: String, _ item: String) async throws -> StubResponseWriter {
                let isNamed = method.hasPrefix("prompts") || method.hasPrefix("resources")
                return try await ask(caller, method, params.replacing("NAME", with: item), name: isNamed ? item : nil)
            }
            #expect(try await answer("one", name).status == 200)
            let (forbidden, absent) = (try await answer("none", name), try await answer("none", "absent"))
            #expect(forbidden.status == absent.status && forbidden.status == 400, "\(method)")
            #expect(forbidden.text.replacing(name, with: "absent") == absent.text, "\(method)")
        }
        #expect(origin.asked.count == 4)
    }

    // MARK: Changes

    private func snapshot(_ server: MCPServer) -> HubSnapshot {
        HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): server], hosts: HostRule(names: [], allowsLoopback: true))
    }

    @Test("other rules are other lists for those whom they are about, and updates of resources are told to those alone who may read them")
    func changes() {
        let runtime = hub.runtime
        let told = NIOLockedValueBox<[String: [Change]]>([:])
        var places: [String: Int] = [:]
        for name in ["one", "all", "none"] {
            let listener = ChangeBroadcaster.Listener(
                changed: { change in told.withLockedValue { $0[name, default: []].append(change) } }, keepAlive: {}, end: {})
            places[name] = runtime.broadcaster.add(listener, entry: "stub", viewer: Self.caller(name))
        }
        func update() {
            told.withLockedValue { $0 = [:] }
            for place in places.values { runtime.broadcaster.tell(place, of: .resource("x:a")) }
        }
        let next = Self.server(origin, runtime, StubPermission(readers: ["all", "none"]))
        runtime.announceChanges(from: snapshot(hub.server), to: snapshot(next))
        #expect(
            told.withLockedValue { $0 } == ["one": [.list(.prompts), .list(.resources)], "none": [.list(.prompts), .list(.resources)]])
        update()
        #expect(told.withLockedValue { $0 } == ["all": [.resource("x:a")], "none": [.resource("x:a")]])
        told.withLockedValue { $0 = [:] }
        runtime.announceChanges(from: snapshot(next), to: snapshot(Self.server(origin, runtime, nil)))
        #expect(
            told.withLockedValue { $0 } == [
                "one": [.list(.tools), .list(.prompts), .list(.resources)], "none": [.list(.tools)],
            ])
        update()
        #expect(told.withLockedValue { $0.count } == 3)
    }
}
