import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("What a server offers", .timeLimit(.minutes(1)))
struct OfferTests {
    private let origin = StubOrigin { request, _ in
        switch request.method {
        case .getPrompt: #"{"messages":[{"role":"user","content":{"type":"audio","data":"","mimeType":"audio/wav"}}]}"#
        case .readResource: #"{"contents":[{"uri":"x:a","text":"A"}],"ttlMs":5,"cacheScope":"public"}"#
        case .complete: #"{"completion":{"values":["paris"]}}"#
        case .callTool: #"{"content":[]}"#
        case .getTask, .updateTask, .cancelTask: "{}"
        }
    }
    private let hub: StubHub

    init() {
        let origin = origin
        hub = StubHub.offering { offer in
            offer.prompts = [
                origin.item(
                    "a_greet", members: #"{"title":"Greet","icons":[],"arguments":[{"name":"who"}],"_meta":{"k":1}}"#, original: "greet")
            ]
            offer.resources = [origin.item("a", uri: "x:a", members: #"{"mimeType":"text/plain"}"#)]
            offer.templates = [origin.item("t", uri: "x:{id}/data")]
            offer.completes = true
            offer.logs = true
            offer.tellsOfUpdates = true
            offer.away = ["other"]
        }
    }

    // requirement: MCP-2026-CACHE-01
    @Test("each list has the members that the revision knows, and says what is away")
    func lists() async throws {
        let modern = try await hub.modern("prompts/list").json()["result"]
        #expect(modern?["prompts"].map { String(buffer: $0.rawBytes) }?.contains(#""title":"Greet""#) == true)
        #expect(modern?["ttlMs"]?.int == 15_000)
        #expect(modern?[path: "_meta", "hubd/unavailable"].map { Array($0.elements).map(\.string) } == ["other"])
        let old = try await hub.inSession(
            hub.initialize("2025-03-26"), #"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#
        ).text
        #expect(old == #"{"jsonrpc":"2.0","id":1,"result":{"prompts":[{"name":"a_greet","arguments":[{"name":"who"}]}]}}"#)
        let resources = try await hub.modern("resources/list").text
        #expect(resources.contains(#""resources":[{"uri":"x:a","name":"a","mimeType":"text/plain"}]"#))
        let templates = try await hub.modern("resources/templates/list").json()
        #expect(templates[path: "result", "resourceTemplates"]?.elements.map { $0["uriTemplate"]?.string } == ["x:{id}/data"])
        #expect(try await hub.modern("prompts/list", params: #""cursor":"x""#).json()[path: "error", "code"]?.int == -32602)
    }

    @Test("capabilities are those of the offer")
    func capabilities() async throws {
        let all = try await hub.modern("server/discover").json()[path: "result", "capabilities"]
        #expect(all?.members.map { $0.name.string } == ["tools", "prompts", "resources", "completions", "logging"])
        #expect(all?[path: "resources", "subscribe"]?.bool == true)
        let none = try await StubHub().modern("server/discover").json()[path: "result", "capabilities"]
        #expect(none?.members.map { $0.name.string } == ["tools"])
        #expect(try await StubHub().modern("completion/complete").status == 404)
    }

    @Test("names are the origin's own behind the hub, and what is about the hop stays")
    func names() async throws {
        let meta = StubHub.meta(capabilities: "{}", more: #","traceparent":"00-1","progressToken":1,"io.mcp/x":1"#)
        let got = try await hub.modern("prompts/get", params: #""name":"a_greet","arguments":{"who":"x"}"#, name: "a_greet", meta: meta)
        #expect(try got.json()[path: "result", "messages"]?.count == 1)
        let asked = try #require(origin.asked.first)
        #expect(asked.params == #"{"name":"greet","arguments":{"who":"x"}}"#)
        #expect(asked.meta == #"{"traceparent":"00-1"}"#)
        let completed = try await hub.modern(
            "completion/complete", params: #""ref":{"type":"ref/prompt","name":"a_greet"},"argument":{"name":"who","value":"p"}"#)
        #expect(try completed.json()[path: "result", "completion", "values"]?.count == 1)
        #expect(origin.asked.last?.params == #"{"ref":{"type":"ref/prompt","name":"greet"},"argument":{"name":"who","value":"p"}}"#)
    }

    @Test("a resource is read where it is listed, or where a template fits, and nowhere else")
    func reads() async throws {
        let read = try await hub.modern("resources/read", params: #""uri":"x:a""#, name: "x:a").json()["result"]
        #expect(read?["ttlMs"]?.int == 5)
        #expect(read?["cacheScope"]?.string == "public")
        #expect(read?["resultType"]?.string == "complete")
        #expect(try await hub.modern("resources/read", params: #""uri":"x:7/data""#, name: "x:7/data").status == 200)
        let none = try await hub.modern("resources/read", params: #""uri":"x:b""#, name: "x:b")
        #expect(none.status == 400)
        #expect(try none.json()[path: "error", "code"]?.int == -32602)
        let session = try await hub.initialize("2025-03-26")
        let old = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:b"}}"#)
        #expect(try old.json()[path: "error", "code"]?.int == -32002)
        let fine = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:a"}}"#)
        #expect(fine.text == #"{"jsonrpc":"2.0","id":1,"result":{"contents":[{"uri":"x:a","text":"A"}]}}"#)
    }

    @Test("audio in a prompt is a line of text for clients that have no audio")
    func audio() async throws {
        let get = #"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"a_greet"}}"#
        let old = try await hub.inSession(hub.initialize("2024-11-05"), get).text
        #expect(old.contains(#""content":{"type":"text","text":"[Audio, audio/wav"#))
        #expect(try await hub.inSession(hub.initialize("2025-03-26"), get).text.contains(#""type":"audio""#))
    }

    @Test(
        "the result of a tool is passed on in the words of the revision",
        arguments: [
            (
                "2024-11-05",
                #"{"isError":false,"content":[{"type":"text","text":"[Resource] r\nx:a"}],"_meta":{"k":1}}"#
            ),
            (
                "2025-06-18",
                #"{"isError":false,"content":[{"type":"resource_link","uri":"x:a","name":"r"}],"_meta":{"k":1}}"#
            ),
            (
                "2026-07-28",
                #"{"structuredContent":[1],"isError":false,"content":[{"type":"resource_link","uri":"x:a","name":"r"}],"resultType":"complete","_meta":{"k":1,"io.modelcontextprotocol/serverInfo":{"name":"stub","version":"2.1"}}}"#
            ),
        ])
    func toolResults(version: String, expected: String) async throws {
        let origin = StubOrigin { _, _ in
            #"{"content":[{"type":"resource_link","uri":"x:a","name":"r"}],"structuredContent":[1],"isError":false,"resultType":"complete","_meta":{"k":1,"io.modelcontextprotocol/serverInfo":{"name":"theirs"}}}"#
        }
        let hub = StubHub.offering { $0.tools = ToolSet([origin.tool("a_t", original: "t")]) }
        let answer: JSONValue
        if version == "2026-07-28" {
            answer = try await hub.modern("tools/call", params: #""name":"a_t""#, name: "a_t").json()
        } else {
            let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a_t"}}"#
            answer = try await hub.inSession(hub.initialize(version), call).json()
        }
        #expect(answer["result"].map { String(buffer: $0.rawBytes) } == expected)
        #expect(origin.asked.first?.params == #"{"name":"t"}"#)
    }

    @Test("what only the text of a structured answer can carry is there as text")
    func withheld() async throws {
        let origin = StubOrigin { _, _ in #"{"content":[],"structuredContent":[1, 2]}"# }
        let hub = StubHub.offering { $0.tools = ToolSet([origin.tool("t")]) }
        let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#
        let answer = try await hub.inSession(hub.initialize("2025-11-25"), call).json()
        #expect(answer["result"].map { String(buffer: $0.rawBytes) } == #"{"content":[{"type":"text","text":"[1,2]"}]}"#)
    }

    @Test(
        "an address fits a template as RFC 6570 would have made it",
        arguments: [
            ("test://static", "test://static", true), ("test://static", "test://statics", false), ("x:{id}", "x:", false),
            ("x:{id}", "x:a", true), ("x:{id}", "x:a/b", false), ("x:{+path}", "x:a/b", true), ("x:{a}/{b}/c", "x:1/2/c", true),
            ("x:{a}/{b}/c", "x:1/c", false), ("x:{a}{b}", "x:12", true), ("x:{a}-{b}", "x:1-2-3", true), ("x:a{?q,r}", "x:a", true),
            ("x:a{?q,r}", "x:a?q=1&r=2", true), ("x:a{?q}", "x:ab", false), ("x:a{/more*}", "x:a/b/c", true), ("x:{id", "x:{id", false),
            ("x:{}", "x:", false), ("x:a}", "x:a}", false), ("x:{a}.txt{#f}", "x:q.txt#l/1", true), ("é{a}", "éü", true),
        ])
    func templates(template: String, uri: String, fits: Bool) {
        #expect((URITemplatePattern(template)?.matches(uri) ?? false) == fits)
    }

    @Test("a template made to be slow is no slower than its length and the address's")
    func slowTemplate() {
        let template = "x:" + String(repeating: "{+a}b", count: 32)
        #expect(URITemplatePattern(template)?.matches("x:" + String(repeating: "b", count: 4_000) + "c") == false)
        #expect(URITemplatePattern(String(repeating: "{a}", count: 33)) == nil)
        #expect(URITemplatePattern("x:{+a}")?.matches("x:" + String(repeating: "b", count: 5_000)) == false)
    }

    @Test("templates made to be slow are given up together, and what is not found by then is where unlisted resources are")
    func slowTemplates() {
        let (slow, last, unlisted) = (StubOrigin("slow"), StubOrigin("last"), StubOrigin("unlisted"))
        var offer = ServerOffer(tools: ToolSet([]))
        let template = "x:{+a}" + String(repeating: "b", count: 4_000)
        offer.templates = (0..<6).map { slow.item("\($0)", uri: template + "\($0)") } + [last.item("last", uri: "{+all}")]
        offer.unlistedResources = unlisted
        let index = OfferIndex(offer, hasPages: false, listsPages: true)
        #expect(index.origin(ofResource: "x:" + String(repeating: "b", count: 4_000)) === unlisted)
        #expect(index.origin(ofResource: "y:b") === last)
    }

    @Test("what the hub itself says in _meta is nobody else's to say")
    func hubMeta() async throws {
        let origin = StubOrigin { _, _ in #"{"content":[],"_meta":{"hubd/unavailable":["x"],"k":1}}"# }
        let hub = StubHub.offering { $0.tools = ToolSet([origin.tool("a_t", original: "t")]) }
        let meta = StubHub.meta(capabilities: "{}", more: #","hubd/operation":"x""#)
        let answer = try await hub.modern("tools/call", params: #""name":"a_t""#, name: "a_t", meta: meta)
        #expect(!answer.text.contains("unavailable"))
        #expect(try answer.json()[path: "result", "_meta", "k"]?.int == 1)
        #expect(origin.asked.first?.meta == nil)
        #expect(ReservedMeta.isReserved("hubd/arguments") && !ReservedMeta.isReserved("hubd.example/arguments"))
    }
}
