import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("An agent at its address", .timeLimit(.minutes(1)))
struct AgentEntryTests {
    private let stub = StubAgent()

    @Test("the card is at the places of all versions, in the words of the one that is asked for, and is not sent twice")
    func card() async throws {
        let both = try await stub.send(stub.request(.get, "/.well-known/agent-card.json", by: ""))
        #expect(both.status == 200 && both.field(.cacheControl) == "max-age=300" && both.field(.vary) == "a2a-version")
        let card = try both.json()
        #expect(card["supportedInterfaces", 0]?["url"]?.string == "http://localhost/a2a/orders" && card["url"] != nil)
        #expect(card["supportedInterfaces"]?.count == 4 && card["skills"]?.count == 8)
        let schemas = card["capabilities"]?["extensions", 0]?["params"]?["skills"]
        #expect(schemas?["find_orders"]?["required", 0]?.string == "customer_id")
        let older = try await stub.send(stub.request(.get, "/.well-known/agent.json", fields: [.a2aVersion: "0.3"]))
        #expect(try older.json()["supportedInterfaces"] == nil && older.json()["protocolVersion"]?.string == "0.3.0")
        #expect(older.field(.cacheControl) == "private, no-cache")
        let newer = try await stub.send(stub.request(.get, "/.well-known/agent-card.json", fields: [.a2aVersion: "1.0"]))
        #expect(try newer.json()["url"] == nil)
        let known = try await stub.send(
            stub.request(.get, "/.well-known/agent-card.json", by: "", fields: [.ifNoneMatch: both.field(.eTag) ?? ""]))
        #expect(known.status == 304 && known.recorded.body.readableBytes == 0)
        #expect(try await stub.send(stub.request(.post, "/.well-known/agent-card.json")).status == 405)
        let extended = try await stub.rpc("GetExtendedAgentCard", "{}").json()
        #expect(extended[path: "error", "code"]?.int == -32004)
    }

    @Test("webhooks are refused where nothing is sent, and kept where it is")
    func pushes() async throws {
        let push = #"{"taskId":"x","url":"https://example.com/hook"}"#
        #expect(try await stub.rpc("CreateTaskPushNotificationConfig", push).json()[path: "error", "code"]?.int == -32003)
        let inline = #","configuration":{"taskPushNotificationConfig":{"url":"https://example.com"}}"#
        #expect(try await stub.task(#"{"text":"x"}"#, extra: inline)[path: "error", "code"]?.int == -32003)
        let sending = StubAgent(sendsPush: true)
        let id = try await sending.task(StubAgent.data("picture")).taskID
        let kept = try await sending.rpc(
            "CreateTaskPushNotificationConfig", #"{"taskId":"\#(id)","id":"h","url":"https://example.com/hook","token":"t"}"#
        ).json()["result"]
        #expect(kept?["id"]?.string == "h" && kept?["taskId"]?.string == id)
        let path = "/tasks/\(id)/pushNotificationConfigs"
        #expect(try await sending.send(sending.request(.get, path)).json()["configs", 0]?["token"]?.string == "t")
        #expect(try await sending.send(sending.request(.get, path, by: "two")).status == 404)
        #expect(try await sending.send(sending.request(.get, path + "/h")).json()["url"]?.string == "https://example.com/hook")
        #expect(try await sending.send(sending.request(.delete, path + "/h")).status == 200)
        #expect(try await sending.send(sending.request(.get, path + "/h")).status == 404)
    }

    @Test(
        "what is no request is refused in the words of JSON-RPC",
        arguments: [
            ("", 200, -32700), ("{", 200, -32700), ("[]", 200, -32600), ("7", 200, -32600),
            (#"{"jsonrpc":"2.0","method":"x"}"#, 200, -32601), (#"{"jsonrpc":"2.0","method":"GetTask","params":{}}"#, 200, -32602),
            (#"{"jsonrpc":"2.0","method":"GetTask","params":{"id":"x"}}"#, 200, -32600),
            (#"{"jsonrpc":"2.0","id":null,"method":"GetTask","params":{"id":"x"}}"#, 200, -32600),
            (#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#, 200, -32601), (#"{"jsonrpc":"2.0","id":1,"method":"GetTask"}"#, 200, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"GetTask","params":[]}"#, 200, -32602),
            (#"{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x","tenant":"other"}}"#, 200, -32602),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":""}]}}}"#,
                200, -32602
            ),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"messageId":"m","role":"ROLE_USER","parts":[]}}}"#,
                200, -32602
            ),
        ])
    func hostile(body: String, status: Int, code: Int) async throws {
        let answer = try await stub.send(stub.request(.post, "", body))
        #expect(answer.status == status)
        #expect(try answer.json()[path: "error", "code"]?.int == code)
        #expect(stub.runtime.load.tasksAtWork == 0)
    }

    @Test("messages that are cut at any place, or deeper than anything, are refused and begin nothing")
    func damaged() async throws {
        let message = StubAgent.message(StubAgent.data("picture"))
        let rpc = #"{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":\#(message)}"#
        for length in stride(from: 0, to: rpc.utf8.count, by: 7) {
            let answer = try await stub.send(stub.request(.post, "", String(rpc.prefix(length))))
            #expect(try answer.json()[path: "error", "code"]?.int == -32700)
        }
        for length in stride(from: 0, to: message.utf8.count, by: 7) {
            #expect(try await stub.send(stub.request(.post, "/message:send", String(message.prefix(length)))).status == 400)
        }
        let deep = StubAgent.message(#"{"data":\#(String(repeating: "[", count: 500))\#(String(repeating: "]", count: 500))}"#)
        #expect(try await stub.send(stub.request(.post, "/message:send", deep)).status == 400)
        #expect(try await stub.rpc("ListTasks", "{}").json()[path: "result", "totalSize"]?.int == 0)
    }

    @Test("methods, media types, versions and pages that are not served are refused")
    func refuses() async throws {
        #expect(try await stub.send(stub.request(.get, "")).status == 405)
        let deleted = try await stub.send(stub.request(.delete, "/message:send"))
        #expect(deleted.status == 405 && deleted.field(.allow) == "POST")
        #expect(try await stub.send(stub.request(.get, "/nothing/here/at/all")).status == 404)
        #expect(try await stub.send(stub.request(.post, "", "{}", fields: [.contentType: "text/plain"])).status == 415)
        #expect(try await stub.send(stub.request(.post, "/message:send", "{}", fields: [.contentType: "text/plain"])).status == 415)
        let version = try await stub.rpc("GetTask", #"{"id":"x"}"#, fields: [.a2aVersion: "2.0"]).json()
        #expect(version[path: "error", "code"]?.int == -32009)
        let mixed = try await stub.send(stub.request(.get, "/tasks/x", fields: [.a2aVersion: "0.3"]))
        #expect(mixed.status == 400)
        #expect(try await stub.send(stub.request(.post, "", "{}", fields: [.origin: "https://evil.example"])).status == 403)
        var overload = stub.request(.post, "", "{}")
        overload.isOverload = true
        #expect(try await stub.send(overload).status == 503)
        let slash = try await stub.send(stub.request(.post, "/", #"{"jsonrpc":"2.0","id":1,"method":"ListTasks"}"#))
        #expect(try slash.json()[path: "result", "totalSize"]?.int == 0)
    }

    @Test("an extension that is asked for and known is named in the answer")
    func extensions() async throws {
        let asked = "urn:other, " + A2AAgent.schemasExtension
        let answer = try await stub.rpc("ListTasks", "{}", fields: [.a2aExtensions: asked])
        #expect(answer.field(.a2aExtensions) == A2AAgent.schemasExtension)
    }

    @Test("an owner has so many tasks at work, and a task so many streams and a message so many parts")
    func bounds() async throws {
        var bounds = A2ARuntime.Bounds()
        (bounds.tasksAtWorkOfOwner, bounds.streamsOfTask, bounds.partsOfMessage) = (1, 1, 2)
        let stub = StubAgent(bounds: bounds)
        let writer = StubResponseWriter()
        async let stream = stub.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("slow")), writer: writer)
        await stub.gate.arrival()
        let refused = try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("picture")))
        #expect(try refused.status == 200 && refused.json()[path: "error", "code"]?.int == 429 && refused.field(.retryAfter) == "1")
        #expect(try await stub.task(StubAgent.data("picture"), by: "two").state == "TASK_STATE_COMPLETED")
        let id = try writer.events()[0][path: "result", "task", "id"]?.string ?? ""
        #expect(try await stub.rpc("SubscribeToTask", #"{"id":"\#(id)"}"#).json()[path: "error", "code"]?.int == 429)
        stub.gate.open()
        _ = try await stream
        let parts = Array(repeating: #"{"text":"x"}"#, count: 3).joined(separator: ",")
        #expect(try await stub.rpc("SendMessage", StubAgent.message(parts)).status == 413)
    }

    @Test("a message whose stream has no place begins nothing, and leaves the task that it is for as it was")
    func streamsRefused() async throws {
        var bounds = A2ARuntime.Bounds()
        bounds.streams = 0
        let full = StubAgent(bounds: bounds)
        let refused = try await full.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("picture")))
        #expect(refused.status == 503 && refused.field(.retryAfter) == "1")
        #expect(try await full.rpc("ListTasks", "{}").json()[path: "result", "totalSize"]?.int == 0)
        (bounds.streams, bounds.streamsOfTask) = (1, 0)
        let stub = StubAgent(bounds: bounds)
        let asked = try await stub.task(#"{"text":"find orders that are paid"}"#).taskID
        let answer = StubAgent.message(#"{"data":{"customer_id":"42"}}"#, task: asked)
        #expect(try await stub.rpc("SendStreamingMessage", answer).json()[path: "error", "code"]?.int == 429)
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(asked)"}"#).json()["result"]?.state == "TASK_STATE_INPUT_REQUIRED")
        #expect(stub.runtime.load == (0, 0))
        #expect(try await stub.rpc("SendMessage", answer).json()[path: "result", "task"]?.state == "TASK_STATE_COMPLETED")
    }

    @Test("a message whose webhook cannot be kept is not taken by a task that waits, and a task that it began has ended")
    func webhooksRefused() async throws {
        var kept = InMemoryTaskStore.Bounds()
        kept.pushesOfTask = 0
        let stub = StubAgent(kept: kept, sendsPush: true)
        let push = #","configuration":{"taskPushNotificationConfig":{"url":"https://a.example"}}"#
        let asked = try await stub.task(#"{"text":"find orders that are paid"}"#).taskID
        let answer = #"{"data":{"customer_id":"42"}}"#
        #expect(try await stub.rpc("SendMessage", StubAgent.message(answer, task: asked, extra: push)).status == 413)
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(asked)"}"#).json()["result"]?.state == "TASK_STATE_INPUT_REQUIRED")
        #expect(try await stub.task(answer, task: asked).state == "TASK_STATE_COMPLETED")
        #expect(try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("picture"), extra: push)).status == 413)
        #expect(try await stub.store.unfinished(after: nil, limit: 9).isEmpty)
        #expect(stub.runtime.load == (0, 0))
    }

    @Test("work that takes longer than its limit ends as failed")
    func time() async throws {
        async let task = stub.task(StubAgent.data("slow"))
        await stub.gate.arrival()
        stub.timers.fire(now: .now + .seconds(601))
        #expect(try await task.state == "TASK_STATE_FAILED")
    }

    @Test("a task that was at work when its hub ended has failed, and its outcome is not known")
    func orphans() async throws {
        let principal = StubAgent.caller("one")
        let owner = TaskOwner(CallContext(requestID: "r", logger: stub.request(.get, "").logger, principal: principal))
        let message = AgentMessage(messageID: "m", role: .user, parts: [MessagePart(content: .text("x"))])
        let log = TaskLog(id: "t", contextID: "c", message: message, time: WireTime(milliseconds: 1))
        let record = TaskRecord(agent: "orders", owner: owner, id: "t", contextID: "c", state: 1, changed: 1)
        try await stub.store.append(log.entries.map(\.stored), at: 0, to: record)
        let task = try await stub.rpc("GetTask", #"{"id":"t"}"#).json()["result"]
        #expect(task?.state == "TASK_STATE_FAILED" && task?["history", 0]?["messageId"]?.string == "m")
    }
}
