import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("MCP 2026-07-28", .timeLimit(.minutes(1)))
struct ModernTransportTests {
    private let hub = StubHub()

    // requirement: MCP-2026-CACHE-01, MCP-2026-DISC-01, MCP-2026-META-03, MCP-2026-META-04
    @Test("discover, list and call answer as JSON with what every result carries")
    func answers() async throws {
        let discovered = try await hub.modern("server/discover")
        #expect(discovered.status == 200)
        #expect(try discovered.json()[path: "result", "resultType"]?.string == "complete")
        #expect(Array(try #require(try discovered.json()[path: "result", "supportedVersions"]).elements).map(\.string) == ["2026-07-28"])

        let listed = try await hub.modern("tools/list").json()
        #expect(listed[path: "result", "tools"]?.count == 2)
        #expect(listed[path: "result", "cacheScope"]?.string == "public")
        #expect(listed[path: "result", "_meta", "io.modelcontextprotocol/serverInfo", "name"]?.string == "stub")

        let called = try await hub.modern("tools/call", params: #""name":"echo","arguments":{"a":[1.50]}"#, name: "echo").json()
        #expect(called["id"]?.int == 7)
        #expect(called[path: "result", "structuredContent"].map { String(buffer: $0.rawBytes) } == #"{"a":[1.50]}"#)
        #expect(called[path: "result", "isError"]?.bool == false)
    }

    // requirement: MCP-TOOL-16
    @Test("an upstream's failure is a result that says so, not a protocol error")
    func toolErrors() async throws {
        let called = try await hub.modern("tools/call", params: #""name":"broken""#, name: "broken")
        #expect(called.status == 200)
        #expect(try called.json()[path: "result", "isError"]?.bool == true)
    }

    // requirement: MCP-2026-VER-04, MCP-BASE-08, MCP-TOOL-14
    @Test("unknown tools and methods are told apart from failures")
    func unknown() async throws {
        let tool = try await hub.modern("tools/call", params: #""name":"none""#, name: "none")
        #expect(tool.status == 400)
        #expect(try tool.json()[path: "error", "code"]?.int == -32602)
        let method = try await hub.modern("prompts/list")
        #expect(method.status == 404)
        #expect(try method.json()[path: "error", "code"]?.int == -32601)
    }

    // requirement: MCP-2026-HDR-01, MCP-2026-HDR-02, MCP-2026-HDR-05, MCP-2026-HDR-07, MCP-2026-HDR-08
    @Test("headers that are missing, repeated or say another thing than the body are a mismatch")
    func headerMismatch() async throws {
        let changes: [(inout HTTPFields) -> Void] = [
            { $0[.mcpMethod] = nil }, { $0[.mcpMethod] = "tools/list" }, { $0[.mcpName] = nil }, { $0[.mcpName] = "other" },
            { $0[.mcpName] = "=?base64?ZWNobx==?=" }, { $0.append(HTTPField(name: .mcpMethod, value: "tools/call")) },
        ]
        for change in changes {
            let answer = try await hub.modern("tools/call", params: #""name":"echo""#, name: "echo", change: change)
            #expect(answer.status == 400)
            #expect(try answer.json()[path: "error", "code"]?.int == -32020)
            #expect(try answer.json()["id"]?.int == 7)
        }
        let encoded = try await hub.modern("tools/call", params: #""name":"echo""#, name: "=?base64?ZWNobw==?=")
        #expect(encoded.status == 200)
    }

    // requirement: MCP-2026-VER-03
    @Test("a version that is not served is refused with those that are")
    func unsupportedVersion() async throws {
        let meta = StubHub.meta.replacing("2026-07-28", with: "2031-01-01")
        let answer = try await hub.send(
            hub.request(
                .post, #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(meta)}}"#,
                fields: [.mcpProtocolVersion: "2031-01-01", .mcpMethod: "tools/list"]))
        #expect(answer.status == 400)
        #expect(try answer.json()[path: "error", "code"]?.int == -32022)
        #expect(try answer.json()[path: "error", "data", "requested"]?.string == "2031-01-01")
    }

    // requirement: MCP-2026-HTTP-02, MCP-2026-HTTP-03, MCP-2026-HTTP-07
    @Test("other methods, types and origins are refused before the body is read")
    func refusals() async throws {
        let version: HTTPFields = [.mcpProtocolVersion: "2026-07-28"]
        let get = try await hub.send(hub.request(.get, fields: version))
        #expect(get.status == 405)
        #expect(get.recorded.head?.headerFields[.allow] == "POST")
        #expect(try await hub.modern("tools/list") { $0[.accept] = "application/json" }.status == 406)
        #expect(try await hub.modern("tools/list") { $0[.contentType] = "text/plain" }.status == 415)
        #expect(try await hub.modern("tools/list") { $0[.origin] = "https://evil.test" }.status == 403)
        #expect(try await hub.modern("tools/list") { $0[.origin] = "http://localhost:3000" }.status == 200)
    }

    // requirement: MCP-2026-HTTP-04, MCP-2026-META-01, MCP-BASE-01, MCP-BASE-02
    @Test(
        "bodies that are no request get the code of what is wrong",
        arguments: [
            ("{", -32700), ("[]", -32600), ("[{}]", -32600), (#"{"jsonrpc":"2.0","id":null,"method":"x"}"#, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, -32602), (#"{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}"#, -32700),
        ])
    func malformed(body: String, code: Int) async throws {
        let answer = try await hub.send(hub.request(.post, body, fields: [.mcpProtocolVersion: "2026-07-28", .mcpMethod: "tools/list"]))
        #expect(answer.status == 400)
        #expect(try answer.json()[path: "error", "code"]?.int == code)
    }

    // requirement: MCP-2026-HTTP-05, MCP-BASE-06
    @Test("a notification is taken with 202 and no body")
    func notification() async throws {
        let answer = try await hub.send(
            hub.request(.post, #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, fields: [.mcpProtocolVersion: "2026-07-28"]))
        #expect(answer.status == 202)
        #expect(answer.recorded.body.readableBytes == 0)
    }

    // requirement: MCP-2026-SUB-01, MCP-2026-SUB-03, MCP-2026-SUB-05, MCP-2026-SUB-07
    @Test("a listener is acknowledged, told of a change once, and ended with a result when the hub stops")
    func listens() async throws {
        let writer = StubResponseWriter()
        let (hub, body) = (
            hub,
            #"{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},\#(StubHub.meta)}}"#
        )
        let listening = Task {
            try await hub.server.respond(
                to: hub.request(.post, body, fields: [.mcpProtocolVersion: "2026-07-28", .mcpMethod: "subscriptions/listen"]), subpath: "",
                writer: writer)
        }
        var chunks = writer.chunks.makeAsyncIterator()
        #expect(await chunks.next()?.contains("notifications/subscriptions/acknowledged") == true)
        let renamed = StubHub.server(description: "Reads otherwise.", runtime: hub.runtime)
        // Announced until heard: the place in the list is taken just after the acknowledgement.
        let announcing = Task {
            while !Task.isCancelled {
                hub.runtime.announceChanges(from: snapshot(hub.server), to: snapshot(renamed))
                await Task.yield()
            }
        }
        let change = await chunks.next()
        announcing.cancel()
        #expect(change?.contains("notifications/tools/list_changed") == true)
        #expect(change?.contains(#""io.modelcontextprotocol/subscriptionId":"L""#) == true)
        hub.runtime.drain()
        try await listening.value
        #expect(writer.text.contains(#""id":"L","result":{"resultType":"complete""#))
        #expect(writer.recorded.isEnded)
    }

    @Test("a server that reads the same is not announced")
    func sameIsSilent() {
        let listing = ToolListing(hub.server.tools.tools.map(\.definition))
        #expect(hub.server.listing.isSame(as: listing))
        #expect(!listing.isSame(as: StubHub.server(description: "Other", runtime: hub.runtime).listing))
    }

    private func snapshot(_ server: MCPServer) -> HubSnapshot {
        HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): server], hosts: HostRule(names: [], allowsLoopback: true))
    }
}
