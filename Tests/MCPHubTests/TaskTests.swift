import Crypto
import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Calls that become tasks", .timeLimit(.minutes(1)))
struct TaskTests {
    private static let follows = StubHub.meta(
        capabilities: #"{"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#)

    /// A server whose one tool becomes the task `inner`, which is what the test says.
    private static func origin(_ task: String = #""status":"working""#, name: String = "far") -> StubOrigin {
        StubOrigin(name, asksByRequest: false) { request, _ in
            switch request.method {
            case .callTool:
                #"{"resultType":"task","taskId":"inner","status":"working","ttlMs":60000,"pollIntervalMs":5,"_meta":{"io.modelcontextprotocol/serverInfo":{},"k":1}}"#
            case .getTask: #"{"resultType":"complete","taskId":"inner",\#(task),"ttlMs":60000}"#
            default: #"{"resultType":"complete","secret":1}"#
            }
        }
    }

    private static func hub(_ origin: StubOrigin) -> StubHub {
        StubHub.offering { offer in
            offer.tools = ToolSet([origin.tool("t", original: "inner_t")])
            offer.extensions = [.tasks, .apps]
        }
    }

    private func begin(_ hub: StubHub) async throws -> String {
        let answer = try await hub.modern("tools/call", params: #""name":"t""#, name: "t", meta: Self.follows)
        return try #require(try answer.json()[path: "result", "taskId"]?.string)
    }

    private func send(
        _ hub: StubHub, _ method: String, _ id: String, more: String = "", meta: String = Self.follows
    ) async throws -> StubResponseWriter {
        try await hub.modern("tasks/\(method)", params: #""taskId":"\#(id)"\#(more)"#, name: id, meta: meta)
    }

    @Test("a task is passed on under an id of the hub's, which stays the same and any process with the key takes")
    func follow() async throws {
        let result = #"{"content":[{"type":"text","text":"done"}],"isError":false,"_meta":{"io.modelcontextprotocol/x":1,"y":2}}"#
        let origin = Self.origin(#""status":"completed","result":\#(result)"#)
        let hub = Self.hub(origin)
        let created = try await hub.modern("tools/call", params: #""name":"t""#, name: "t", meta: Self.follows).json()["result"]
        #expect(created?["resultType"]?.string == "task" && created?["status"]?.string == "working")
        #expect(created?["ttlMs"]?.int == 60_000 && created?["pollIntervalMs"]?.int == 5)
        #expect(created?[path: "_meta", "k"]?.int == 1)
        let id = try #require(created?["taskId"]?.string)
        #expect(id != "inner")

        for hub in [hub, Self.hub(origin)] {
            let task = try await send(hub, "get", id).json()["result"]
            #expect(task?["resultType"]?.string == "complete" && task?["taskId"]?.string == id)
            #expect(task?[path: "result", "content"]?.count == 1)
            #expect(task?[path: "result", "_meta"].map { String(buffer: $0.rawBytes) } == #"{"y":2}"#)
        }
        #expect(origin.asked.map(\.method) == ["tools/call", "tasks/get", "tasks/get"])
        #expect(origin.asked.last?.params == #"{"taskId":"inner"}"#)
        let mismatched = try await hub.modern("tasks/get", params: #""taskId":"\#(id)""#, name: "other", meta: Self.follows)
        #expect(try mismatched.json()[path: "error", "code"]?.int == -32020)
    }

    @Test("answers and a cancellation reach the server, and are acknowledged with nothing else")
    func update() async throws {
        let origin = Self.origin()
        let hub = Self.hub(origin)
        let id = try await begin(hub)
        let updated = try await send(hub, "update", id, more: #","inputResponses":{"q":{"action":"accept"}}"#)
        #expect(try updated.json()["result"]?.members.map { $0.name.string } == ["resultType", "_meta"])
        #expect(origin.asked.last?.params == #"{"taskId":"inner","inputResponses":{"q":{"action":"accept"}}}"#)
        #expect(origin.asked.last?.resumption == nil)
        #expect(try await send(hub, "update", id).json()[path: "error", "code"]?.int == -32602)
        #expect(try await send(hub, "cancel", id).json()["result"]?["secret"] == nil)
        #expect(origin.asked.map(\.method) == ["tools/call", "tasks/update", "tasks/cancel"])
    }

    @Test("an id of another caller, server, tool or time is as unknown as one that nobody gave, and no server is asked")
    func unknown() async throws {
        let origin = Self.origin()
        let hub = Self.hub(origin)
        let good = TaskToken(
            owner: SessionOwner(.anonymous), entry: "stub", tool: "t", origin: "far", inner: "inner", expiry: hub.runtime.now + 1)
        func changed(_ change: (inout TaskToken) -> Void) throws -> String {
            var token = good
            change(&token)
            return try #require(hub.runtime.taskSealer.seal(token))
        }
        let expected = #"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Unknown task"}}"#
        let sealed = try changed { _ in }
        let ids = [
            "nothing", "inner", String(sealed.dropLast()), try changed { $0.owner = SessionOwner(digest: 1) },
            try changed { $0.entry = "other" }, try changed { $0.tool = "hidden" }, try changed { $0.origin = "near" },
            try changed { $0.expiry = hub.runtime.now },
        ]
        for id in ids {
            for (method, more) in [("get", ""), ("update", #","inputResponses":{}"#), ("cancel", "")] {
                #expect(try await send(hub, method, id, more: more).text == expected)
            }
        }
        #expect(origin.asked.isEmpty)
        #expect(try await send(hub, "get", sealed).status == 200)
    }

    @Test("a client that does not follow tasks is refused, and a call of its that became one has failed")
    func undeclared() async throws {
        let origin = Self.origin()
        let hub = Self.hub(origin)
        let id = try await begin(hub)
        for method in ["get", "update", "cancel"] {
            let refused = try await send(hub, method, id, meta: StubHub.meta).json()["error"]
            #expect(refused?["code"]?.int == -32021)
            let required = refused?[path: "data", "requiredCapabilities", "extensions", "io.modelcontextprotocol/tasks"]
            #expect(required != nil)
        }
        let listening = try await hub.modern("subscriptions/listen", params: #""notifications":{"taskIds":["\#(id)"]}"#)
        #expect(try listening.json()[path: "error", "code"]?.int == -32021)
        let called = try await hub.modern("tools/call", params: #""name":"t""#, name: "t")
        #expect(try called.json()[path: "result", "isError"]?.bool == true)
        #expect(origin.asked.count == 2)
    }

    @Test("what a task asks is asked of a client that can be asked it, and its error is in the codes of the revision")
    func asks() async throws {
        let questions = #"{"q":{"method":"elicitation/create","params":{"message":"?"}}}"#
        let asking = Self.hub(Self.origin(#""status":"input_required","inputRequests":\#(questions)"#))
        let id = try await begin(asking)
        let asked = try await send(asking, "get", id).json()[path: "result", "inputRequests"]
        #expect(asked.map { String(buffer: $0.rawBytes) } == questions)
        let silent = Self.follows.replacing(#""elicitation":{},"#, with: "")
        #expect(try await send(asking, "get", id, meta: silent).json()[path: "error", "code"]?.int == -32021)

        let failing = Self.hub(Self.origin(#""status":"failed","error":{"code":503,"message":"no","data":[1]}"#))
        let error = try await send(failing, "get", id).json()[path: "result", "error"]
        #expect(error.map { String(buffer: $0.rawBytes) } == #"{"code":-32603,"message":"no","data":[1]}"#)
        let odd = Self.hub(Self.origin(#""status":"odd""#))
        #expect(try await send(odd, "get", id).json()[path: "error", "code"]?.int == -32603)
    }

    @Test("a task that its server does not know any more is unknown; one whose server is away is not")
    func gone() async throws {
        let origin = StubOrigin("far", asksByRequest: false) { request, _ in
            if request.method == .callTool { return #"{"resultType":"task","taskId":"inner","status":"working"}"# }
            throw JSONRPCError(.invalidParams, "No task inner")
        }
        var hub = Self.hub(origin)
        let id = try await begin(hub)
        #expect(try await send(hub, "get", id).json()[path: "error", "message"]?.string == "Unknown task")
        hub.server = StubHub.server(offering: { $0.away = ["far"] }, runtime: hub.runtime)
        let away = try await send(hub, "get", id).json()["error"]
        #expect(away?["code"]?.int == -32603 && away?["message"]?.string == "The server far is away")
    }

    @Test("extensions are declared to those whose revision has them")
    func declared() async throws {
        let hub = Self.hub(Self.origin())
        let discovered = try await hub.modern("server/discover").json()[path: "result", "capabilities", "extensions"]
        #expect(
            discovered.map { String(buffer: $0.rawBytes) } == #"{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{}}"#)
        for (version, expected) in [("2025-11-25", #"{"io.modelcontextprotocol/ui":{}}"#), ("2024-11-05", nil)] {
            let methods = MCPMethods(server: hub.server, revision: try #require(ProtocolRevision(rawValue: version)))
            let id = try JSONDocument(parsing: "1", limits: .message).root
            let opened = try JSONDocument(parsing: methods.initialize(id: id), limits: .message).root
            #expect(opened[path: "result", "capabilities", "extensions"].map { String(buffer: $0.rawBytes) } == expected)
        }
        var plain = hub
        plain.server = StubHub.server(offering: { _ in }, runtime: hub.runtime)
        #expect(try await send(plain, "get", "x").json()[path: "error", "code"]?.int == -32601)
        #expect(try await plain.modern("server/discover").json()[path: "result", "capabilities", "extensions"] == nil)
    }

    @Test(
        "an id is good for a day longer than its task, and for thirty days at most",
        arguments: [("60000", 86_460), ("0", 86_400), ("-5", 86_400), ("null", 2_592_000), ("1e300", 2_592_000), ("2592000000", 2_592_000)])
    func lifetime(ttl: String, seconds: Int64) throws {
        #expect(TaskToken.lifetime(ttl: try JSONDocument(parsing: ttl, limits: .message).root) == seconds)
    }

    @Test("an id that would be too long for a header is none")
    func long() {
        let sealer = TaskSealer(masterKey: .init(size: .bits256))
        var token = TaskToken(
            owner: SessionOwner(digest: 1), entry: "e", tool: "t", origin: "o", inner: String(repeating: "a", count: 1_024), expiry: 1)
        #expect(sealer.seal(token).flatMap(sealer.open) == token)
        token.inner += "a"
        #expect(sealer.seal(token) == nil)
    }
}
