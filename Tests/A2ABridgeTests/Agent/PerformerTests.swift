import HubCore
import NIOCore
import Testing

@testable import A2ABridge

/// Counts the messages of a conversation in its notes, and answers "reply" without a task.
private struct CountingPerformer: AgentPerformer {
    let gate: Gate?
    let mayReply = true
    let remembers = true

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {}

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        let note = try (turn.note ?? turn.earlierNote).map { try JSONDocument(parsing: $0, limits: .payload).root["count"]?.int ?? 0 }
        let count = (note ?? 0) + 1
        try await tell(.note(ByteBuffer(string: #"{"count":\#(count)}"#)))
        try await gate?.pass()
        let parts = [MessagePart(content: .text("\(count)"))]
        if turn.message.parts == [MessagePart(content: .text("reply"))] {
            return try await tell(.reply(AgentMessage(messageID: "r", taskID: "theirs", role: .agent, parts: parts)))
        }
        let message = AgentMessage(messageID: "m", contextID: "theirs", taskID: "theirs", role: .agent, parts: parts)
        try await tell(.relayed(TaskStatus(state: .inputRequired, message: message), metadata: ByteBuffer(string: #"{"a":1}"#)))
    }

    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws {
        throw A2AFailure(.taskNotCancelable, "It goes on after \(note.map { String(buffer: $0) } ?? "")")
    }
}

@Suite("What performers may do", .timeLimit(.minutes(1)))
struct PerformerTests {
    @Test("notes last from message to message and from task to task of a conversation, and are told to nobody")
    func notes() async throws {
        let stub = StubAgent(performer: CountingPerformer(gate: nil))
        let first = try await stub.task(#"{"text":"x"}"#)
        let context = first["contextId"]?.string ?? ""
        #expect(first[path: "status", "message"]?["parts", 0]?["text"]?.string == "1")
        #expect(first[path: "status", "message", "taskId"]?.string == first.taskID)
        #expect(first[path: "status", "message", "contextId"]?.string == context)
        let again = try await stub.rpc(
            "SendMessage",
            #"{"message":{"messageId":"2","role":"ROLE_USER","taskId":"\#(first.taskID)","parts":[{"text":"x"}]}}"#
        ).json()[path: "result", "task"]
        #expect(again?[path: "status", "message"]?["parts", 0]?["text"]?.string == "2")
        let other = try await stub.rpc(
            "SendMessage", #"{"message":{"messageId":"3","role":"ROLE_USER","contextId":"\#(context)","parts":[{"text":"x"}]}}"#
        ).json()[path: "result", "task"]
        #expect(other?.taskID != first.taskID && other?[path: "status", "message"]?["parts", 0]?["text"]?.string == "3")
        #expect(try await !stub.rpc("ListTasks", "{}").text.contains("count"))
        #expect(try await stub.task(#"{"text":"x"}"#)[path: "status", "message"]?["parts", 0]?["text"]?.string == "1")
    }

    @Test("a note that says nothing is a note like any other", arguments: ["{}", #"{"a":{}}"#])
    func emptyNote(note: String) throws {
        let entry = TaskLog.Entry.note(ByteBuffer(string: note))
        #expect(try TaskLog.Entry(stored: entry.stored) == entry)
    }

    @Test("an answer without a task is one, however the message was sent")
    func reply() async throws {
        let stub = StubAgent(performer: CountingPerformer(gate: nil))
        for extra in ["", #","configuration":{"returnImmediately":true}"#] {
            let params = StubAgent.message(#"{"text":"reply"}"#, extra: extra)
            let message = try await stub.rpc("SendMessage", params).json()[path: "result", "message"]
            #expect(message?["parts", 0]?["text"]?.string == "1" && message?["taskId"] == nil && message?["contextId"] != nil)
            let events = try await stub.rpc("SendStreamingMessage", params).events()
            #expect(events.count == 1 && events.first?[path: "result", "message", "messageId"]?.string == "r")
        }
    }

    @Test("nothing is told of a task before the first word, and a task that its agent goes on with is not canceled")
    func firstWord() async throws {
        let params = StubAgent.message(#"{"text":"x"}"#, extra: #","configuration":{"returnImmediately":true}"#)
        let gate = Gate()
        let held = StubAgent(performer: CountingPerformer(gate: gate))
        async let answer = held.rpc("SendMessage", params)
        await gate.arrival()
        #expect(held.runtime.load.tasksAtWork == 1)
        gate.open()
        let task = try await answer.json()[path: "result", "task"]
        #expect(task?.state == "TASK_STATE_INPUT_REQUIRED")
        let refused = try await held.rpc("CancelTask", #"{"id":"\#(task?.taskID ?? "")"}"#)
        #expect(refused.text.contains("-32002") && refused.text.contains(#"{\"count\":1}"#))
    }
}
