import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Conversations with an agent", .timeLimit(.minutes(1)))
struct ConversationTests {
    private let stub = StubAgent()

    private func events(_ writer: StubResponseWriter) throws -> [String] {
        try writer.events().map { event in
            let result = event["result"] ?? event
            if result["error"] != nil { return "error" }
            let kind = result["kind"]?.string ?? result.members.map { $0.name.string ?? "" }.first ?? ""
            let body = result["kind"] == nil ? result[kind] : result
            return [kind, body?.state ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    @Test("a stream of 1.0 begins with the task and ends with its end, over both bindings")
    func streams() async throws {
        let params = StubAgent.message(StubAgent.data("find_orders", #"{"customer_id":"1"}"#))
        let expected = [
            "task TASK_STATE_SUBMITTED", "statusUpdate TASK_STATE_WORKING", "artifactUpdate", "statusUpdate TASK_STATE_COMPLETED",
        ]
        let rpc = try await stub.rpc("SendStreamingMessage", params)
        #expect(rpc.field(.contentType) == "text/event-stream" && rpc.recorded.isEnded)
        #expect(try events(rpc) == expected)
        #expect(try rpc.events().allSatisfy { $0["id"]?.int == 7 && $0["jsonrpc"]?.string == "2.0" })
        let http = try await stub.send(stub.request(.post, "/message:stream", params))
        #expect(try events(http) == expected)
    }

    @Test("a conversation of 0.3 over JSON-RPC is in its words")
    func older() async throws {
        let data = #"{"kind":"data","data":{"skill":"find_orders","arguments":{"customer_id":"1"}}}"#
        let params = #"{"message":{"kind":"message","messageId":"m","role":"user","parts":[\#(data)]}}"#
        let stream = try await stub.rpc("message/stream", params)
        #expect(try events(stream) == ["task submitted", "status-update working", "artifact-update", "status-update completed"])
        #expect(try stream.events().last?[path: "result", "final"]?.bool == true)
        let sent = try await stub.rpc("message/send", params).json()["result"]
        #expect(sent?["kind"]?.string == "task" && sent?.state == "completed")
        let got = try await stub.rpc("tasks/get", #"{"id":"\#(sent?.taskID ?? "")"}"#).json()["result"]
        #expect(got?.taskID == sent?.taskID && got?["artifacts", 0]?["parts", 0]?["kind"]?.string == "data")
        let ended = try await stub.rpc("tasks/resubscribe", #"{"id":"\#(sent?.taskID ?? "")"}"#).json()
        #expect(ended[path: "error", "code"]?.int == -32004)
    }

    @Test("a conversation of 0.3 over HTTP+JSON is in the words of its protocol buffers, and in those of its schema for who writes so")
    func olderHTTP() async throws {
        let proto = #"{"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"find orders of customer 5"}]}}"#
        let task = try await stub.send(stub.request(.post, "/v1/message:send", proto)).json()["task"]
        #expect(task?.state == "TASK_STATE_COMPLETED" && task?["history", 0]?["content", 0]?["text"]?.string == "find orders of customer 5")
        let schema =
            #"{"message":{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"text","text":"find orders of customer 5"}]}}"#
        #expect(try await stub.send(stub.request(.post, "/v1/message:send", schema)).json().state == "completed")
        let got = try await stub.send(stub.request(.get, "/v1/tasks/\(task?.taskID ?? "")?historyLength=1")).json()
        #expect(got.taskID == task?.taskID)
    }

    @Test("HTTP+JSON of 1.0 sends, gets, lists and answers in the media type of the request")
    func http() async throws {
        let body = StubAgent.message(StubAgent.data("find_orders", #"{"customer_id":"1"}"#))
        let sent = try await stub.send(
            stub.request(.post, "/message:send", body, fields: [.contentType: "application/a2a+json", .a2aVersion: "1.0"]))
        #expect(sent.status == 200 && sent.field(.contentType) == "application/a2a+json")
        let id = try sent.json()["task"]?.taskID ?? ""
        #expect(try await stub.send(stub.request(.get, "/tasks/\(id)")).json().state == "TASK_STATE_COMPLETED")
        #expect(try await stub.send(stub.request(.get, "/tasks")).json()["tasks", 0]?.taskID == id)
        let cancelled = try await stub.send(stub.request(.post, "/tasks/\(id):cancel"))
        #expect(try cancelled.status == 400 && cancelled.json()[path: "error", "status"]?.string == "FAILED_PRECONDITION")
    }

    @Test("a message that does not wait is answered at once, and its task goes on without its client")
    func returnsImmediately() async throws {
        let sent = try await stub.task(StubAgent.data("slow"), extra: #","configuration":{"returnImmediately":true}"#)
        #expect(sent.state == "TASK_STATE_SUBMITTED")
        await stub.gate.arrival()
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(sent.taskID)"}"#).json()["result"]?.state == "TASK_STATE_WORKING")
        let writer = StubResponseWriter()
        async let followed = stub.rpc("SubscribeToTask", #"{"id":"\#(sent.taskID)"}"#, writer: writer)
        for await _ in writer.chunks { break }
        stub.gate.open()
        #expect(try events(await followed) == ["task TASK_STATE_WORKING", "artifactUpdate", "statusUpdate TASK_STATE_COMPLETED"])
        #expect(stub.runtime.load.streams == 0)
    }

    @Test("a client whose stream was cut goes on behind the last event it had, also when the task has ended")
    func resumes() async throws {
        let writer = StubResponseWriter()
        let client = Task { try await stub.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("slow")), writer: writer) }
        await stub.gate.arrival()
        for await chunk in writer.chunks where chunk.contains("WORKING") { break }
        client.cancel()
        await #expect(throws: CancellationError.self) { try await client.value }
        let id = try writer.events()[0][path: "result", "task", "id"]?.string ?? ""
        stub.gate.open()
        let last = try #require(writer.text.split(separator: "\n").last { $0.hasPrefix("id: ") }?.dropFirst(4))
        let rest = try await stub.rpc("SubscribeToTask", #"{"id":"\#(id)"}"#, fields: [.lastEventID: String(last)])
        #expect(try events(rest) == ["artifactUpdate", "statusUpdate TASK_STATE_COMPLETED"])
        let again = try await stub.send(stub.request(.get, "/tasks/\(id):subscribe", fields: [.lastEventID: String(last)]))
        #expect(try events(again) == ["artifactUpdate", "statusUpdate TASK_STATE_COMPLETED"])
        let end = try #require(rest.text.split(separator: "\n").last { $0.hasPrefix("id: ") }?.dropFirst(4))
        let nothing = try await stub.rpc("SubscribeToTask", #"{"id":"\#(id)"}"#, fields: [.lastEventID: String(end)])
        #expect(try nothing.json()[path: "error", "code"]?.int == -32004)
        #expect(stub.runtime.load.streams == 0)
    }

    @Test("long text comes in pieces to who follows, and whole to who asks later")
    func pieces() async throws {
        let stream = try await stub.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("report")))
        let updates = try stream.events().compactMap { $0[path: "result", "artifactUpdate"] }
        #expect(updates.count == 3)
        #expect(updates.map { $0["append"]?.bool ?? false } == [false, true, true])
        #expect(updates.map { $0["lastChunk"]?.bool ?? false } == [false, false, true])
        let text = updates.compactMap { $0["artifact"]?["parts", 0]?["text"]?.string }.joined()
        #expect(text == String(repeating: "é", count: 20_000))
    }

    @Test("a task that is cancelled ends for all who wait for it, and its call is given up")
    func cancels() async throws {
        let sent = try await stub.task(StubAgent.data("slow"), extra: #","configuration":{"returnImmediately":true}"#)
        await stub.gate.arrival()
        let writer = StubResponseWriter()
        async let followed = stub.rpc("SubscribeToTask", #"{"id":"\#(sent.taskID)"}"#, writer: writer)
        for await _ in writer.chunks { break }
        let cancelled = try await stub.rpc("CancelTask", #"{"id":"\#(sent.taskID)"}"#).json()["result"]
        #expect(cancelled?.state == "TASK_STATE_CANCELED")
        #expect(try events(await followed).last == "statusUpdate TASK_STATE_CANCELED")
        #expect(try await stub.rpc("CancelTask", #"{"id":"\#(sent.taskID)"}"#).json()["result"]?.state == "TASK_STATE_CANCELED")
        let late = try await stub.rpc("SendMessage", StubAgent.message(#"{"text":"x"}"#, task: sent.taskID)).json()
        #expect(late[path: "error", "code"]?.int == -32004)
    }

    @Test("a client that waits and leaves ends its task")
    func leaves() async throws {
        let client = Task { try await stub.task(StubAgent.data("slow")) }
        await stub.gate.arrival()
        client.cancel()
        await #expect(throws: CancellationError.self) { try await client.value }
        let listed = try await stub.rpc("ListTasks", "{}").json()["result"]
        #expect(listed?["tasks", 0]?.state == "TASK_STATE_CANCELED")
    }

    @Test("a hub that stops ends tasks and streams, and takes no more")
    func drains() async throws {
        let writer = StubResponseWriter()
        async let stream = stub.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("slow")), writer: writer)
        await stub.gate.arrival()
        stub.runtime.drain()
        #expect(try events(await stream).last == "statusUpdate TASK_STATE_FAILED")
        let refused = try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("find_orders")))
        #expect(refused.status == 503 && refused.field(.retryAfter) == "1")
    }
}
