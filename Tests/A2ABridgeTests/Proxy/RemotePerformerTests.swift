import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

/// One way to an agent elsewhere.
struct Way: Sendable, CustomTestStringConvertible {
    var binding: String
    var version: A2AVersion
    var streams: Bool

    var testDescription: String { "\(binding) \(version.rawValue) \(streams ? "streams" : "does not stream")" }

    static let all = [A2AVersion.v1_0, .v0_3].flatMap { version in
        ["JSONRPC", "HTTP+JSON"].flatMap { binding in [true, false].map { Way(binding: binding, version: version, streams: $0) } }
    }
}

@Suite("An agent elsewhere behind the hub", .timeLimit(.minutes(1)))
struct RemotePerformerTests {
    private static let find = StubAgent.data("find_orders", #"{"customer_id":"7"}"#)

    @Test("whatever it speaks, its tasks are the hub's: sent, streamed, fetched and listed", arguments: Way.all)
    func everyWay(_ way: Way) async throws {
        let elsewhere = StubElsewhere(interface: (way.binding, way.version), streams: way.streams)
        let proxy = StubProxy(elsewhere)
        let task = try await proxy.task(Self.find)
        #expect(task.state == "TASK_STATE_COMPLETED")
        #expect(task["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "7")
        let theirs = try #require(try await elsewhere.stub.rpc("ListTasks", "{}", by: "hub").json()[path: "result"]?["tasks", 0])
        #expect(theirs.taskID != task.taskID && theirs["contextId"]?.string != task["contextId"]?.string)
        #expect(task["history", 0]?["taskId"]?.string == task.taskID)
        let again = try await proxy.rpc("tasks/get", #"{"id":"\#(task.taskID)"}"#).json()["result"]
        #expect(again?["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "7" && again?.state == "completed")
        #expect(try await proxy.rpc("ListTasks", "{}").json()[path: "result", "totalSize"]?.int == 1)
        #expect(try await proxy.story(Self.find).last == "TASK_STATE_COMPLETED")
        let sent = elsewhere.requests.last { $0.method == .post }
        #expect(sent?.headers[.a2aVersion] == (way.version == .v1_0 ? "1.0" : nil))
    }

    @Test("a question is asked and its answer goes to the same task, whatever the agent speaks", arguments: Way.all)
    func questions(_ way: Way) async throws {
        let elsewhere = StubElsewhere(interface: (way.binding, way.version), streams: way.streams)
        let proxy = StubProxy(elsewhere)
        let asked = try await proxy.task(StubAgent.data("find_orders"))
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.question?["skill"]?.string == "find_orders")
        #expect(asked[path: "status", "message", "taskId"]?.string == asked.taskID)
        let done = try await proxy.task(#"{"data":{"customer_id":"9"}}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done.taskID == asked.taskID)
        #expect(done["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "9")
        let theirs = try await elsewhere.stub.rpc("ListTasks", "{}", by: "hub").json()
        #expect(theirs[path: "result", "totalSize"]?.int == 1)
    }

    @Test("a task that is canceled is canceled there, too, whatever the agent speaks", arguments: Way.all)
    func cancel(_ way: Way) async throws {
        let elsewhere = StubElsewhere(interface: (way.binding, way.version), streams: way.streams)
        let proxy = StubProxy(elsewhere)
        let begun = try await proxy.task(StubAgent.data("slow"), extra: #","configuration":{"returnImmediately":true}"#)
        await elsewhere.stub.gate.arrival()
        let ended = try await proxy.rpc("CancelTask", #"{"id":"\#(begun.taskID)"}"#).json()["result"]
        #expect(ended?.state == "TASK_STATE_CANCELED")
        let theirs = try await elsewhere.stub.rpc("ListTasks", "{}", by: "hub").json()[path: "result"]?["tasks", 0]
        #expect(theirs?.state == "TASK_STATE_CANCELED")
    }

    @Test("a stream that is cut is taken up again, and nothing is lost or told twice", arguments: Way.all.filter(\.streams), 1...4)
    func cut(_ way: Way, after pieces: Int) async throws {
        let elsewhere = StubElsewhere(interface: (way.binding, way.version), cuts: [pieces])
        let proxy = StubProxy(elsewhere)
        let story = try await proxy.rpc("SendStreamingMessage", StubAgent.message(StubAgent.data("report"))).events()
        let text = story.compactMap { $0[path: "result", "artifactUpdate", "artifact"]?["parts"] }
            .flatMap { $0.elements.compactMap { $0["text"]?.string } }.joined()
        #expect(text == String(repeating: "é", count: 20_000))
        #expect(story.compactMap { $0[path: "result", "statusUpdate"]?.state } == ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"])
        #expect(elsewhere.requests.filter { $0.headers[.accept] == "text/event-stream" }.count <= 2)
    }

    @Test("a conversation keeps its release and the agent's own name for it; a task that is referred to gets the agent's name")
    func conversation() async throws {
        let elsewhere = ScriptedElsewhere { method, request in
            let body = try request.body.map { try JSONDocument(parsing: $0, limits: .message).root }
            let id = body?[path: "params", "message", "messageId"]?.string ?? ""
            return ScriptedElsewhere.result(ScriptedElsewhere.task("COMPLETED", message: "m", id: "T-\(id)"))
        }
        let proxy = StubProxy(elsewhere)
        func send(_ id: String, _ extra: String) async throws -> JSONValue {
            let params = #"{"message":{"messageId":"\#(id)","role":"ROLE_USER","parts":[{"text":"x"}]\#(extra)}}"#
            return try #require(try await proxy.rpc("SendMessage", params).json()[path: "result", "task"])
        }
        let first = try await send("1", "")
        let context = first["contextId"]?.string ?? ""
        let second = try await send("2", #","contextId":"\#(context)","referenceTaskIds":["\#(first.taskID)","unknown"]"#)
        #expect(first.taskID != second.taskID && second["contextId"]?.string == context)
        #expect(try elsewhere.params(0)?[path: "message", "contextId"] == nil && elsewhere.params(0)?[path: "message", "taskId"] == nil)
        #expect(try elsewhere.params(1)?[path: "message", "contextId"]?.string == "C")
        #expect(try elsewhere.params(1)?[path: "message", "referenceTaskIds"]?.compactBytes == ByteBuffer(string: #"["T-1"]"#))
    }

    @Test("nothing is told of a task before the agent has said its first word, however long that takes")
    func firstWord() async throws {
        let gate = Gate()
        let message = #"{"message":{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"hello"}]}}"#
        let proxy = StubProxy(
            ScriptedElsewhere { _, _ in
                try await gate.pass()
                return ScriptedElsewhere.stream([message])
            })
        async let story = proxy.story()
        await gate.arrival()
        gate.open()
        #expect(try await story == ["message"])
    }

    @Test("a client that does not know an extension that the agent insists on is told so")
    func requiredExtension() async throws {
        let card = ScriptedElsewhere.card().replacing(#""uri":"urn:x:1""#, with: #""uri":"urn:x:1","required":true"#)
        let proxy = StubProxy(
            ScriptedElsewhere(card: card) { _, _ in ScriptedElsewhere.stream([ScriptedElsewhere.task("COMPLETED")]) })
        try await proxy.agent.refresh(context: proxy.hub.request(.get, "").context)
        let refused = try await proxy.task()
        #expect(refused[path: "error", "code"]?.int == -32008 && refused["error"]?["data", 0]?[path: "metadata", "extension"] != nil)
        #expect(try await proxy.task(fields: [.a2aExtensions: "urn:x:1"]).state == "TASK_STATE_COMPLETED")
    }

    @Test("an agent whose clock is ahead does not put its tasks before all others")
    func clock() async throws {
        let status = #"{"state":"TASK_STATE_COMPLETED","timestamp":"9999-01-01T00:00:00Z"}"#
        let proxy = StubProxy(
            ScriptedElsewhere { _, _ in
                ScriptedElsewhere.stream([#"{"statusUpdate":{"taskId":"T","contextId":"C","status":\#(status)}}"#])
            })
        #expect(try await proxy.task()[path: "status", "timestamp"]?.hasPrefix("2023") == true)
    }

    @Test("an answer without a task is one; extensions are passed on, other header fields are not")
    func reply() async throws {
        for streaming in [true, false] {
            let message = #"{"message":{"messageId":"r","contextId":"C","role":"ROLE_AGENT","parts":[{"text":"hello"}]}}"#
            let elsewhere = ScriptedElsewhere(card: ScriptedElsewhere.card(streaming: streaming)) { _, _ in
                streaming ? ScriptedElsewhere.stream([message]) : ScriptedElsewhere.result(message)
            }
            let proxy = StubProxy(elsewhere)
            let fields: HTTPFields = [.a2aExtensions: "urn:x:1, urn:x:2", .authorization: "Bearer secret", .cookie: "a=b"]
            let answer = try await proxy.task(fields: fields)
            #expect(answer["messageId"]?.string == "r" && answer["parts", 0]?["text"]?.string == "hello")
            let sent = try #require(elsewhere.requests.first)
            #expect(sent.headers[.a2aExtensions] == "urn:x:1, urn:x:2")
            #expect(sent.headers[.authorization] == nil && sent.headers[.cookie] == nil)
            #expect(sent.path == "/rpc" && sent.isPathWhole)
            #expect(try await proxy.story() == ["message"])
            let echoed = try await proxy.rpc("SendMessage", StubAgent.message(#"{"text":"x"}"#), fields: fields)
            #expect(echoed.field(.a2aExtensions) == "urn:x:1")
        }
    }
}
