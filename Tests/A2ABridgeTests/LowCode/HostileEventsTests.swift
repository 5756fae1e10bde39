import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Events of any shape", .timeLimit(.minutes(1)))
struct HostileEventsTests {
    private static let names = [
        "event", "answer", "data", "text", "task_id", "conversation_id", "workflow_run_id", "message_id", "thought", "tool", "url", "type",
        "title",
        "status", "outputs", "files", "error", "code", "message", "metadata", "usage", "form_token", "form_content", "inputs", "actions",
        "id",
        "output_variable_name", "resolved_default_values", "output", "session_id", "finish_reason", "thoughts", "workflow_message",
        "choices", "delta",
        "content", "response", "doc_references", "total_tokens", "belongs_to",
    ]
    private static let words = [
        "message", "agent_message", "message_end", "message_replace", "text_chunk", "text_replace", "agent_thought", "node_started",
        "node_finished",
        "message_file", "workflow_started", "workflow_finished", "workflow_paused", "human_input_required", "human_input_form_timeout",
        "error", "ping",
        "succeeded", "failed", "paused", "stop", "null", "", "x", "https://x.example/a", "response.output_text.delta", "response.completed",
        "yes",
    ]

    private static func value(_ random: inout RandomValues, depth: Int) -> JSONTree {
        switch random.number(below: depth > 0 ? 8 : 5) {
        case 0: .null
        case 1: .bool(random.chance())
        case 2: .number(random.one(of: ["0", "-1", "1e400", "99999999999999999999", "0.5"]))
        case 3, 4: .string(random.one(of: words))
        case 5: .array((0..<3).map { _ in value(&random, depth: depth - 1) })
        default: object(&random, depth: depth - 1)
        }
    }

    private static func object(_ random: inout RandomValues, depth: Int) -> JSONTree {
        var object = JSONObject()
        for _ in 0...random.number(below: 6) {
            object[random.one(of: names)] = value(&random, depth: depth)
        }
        return .object(object)
    }

    /// Events at random, of which most say what they are.
    private static func events(_ random: inout RandomValues) -> [String] {
        (0..<12).map { _ in
            var event = object(&random, depth: 4).object ?? [:]
            if random.chance() { event["event"] = .string(random.one(of: words)) }
            if random.chance() { event["data"] = object(&random, depth: 4) }
            return String(buffer: JSONTree.object(event).bytes)
        }
    }

    @Test("a task ends or waits, whatever its application says", arguments: 0..<4)
    func ends(kind: Int) async throws {
        var random = RandomValues(seed: UInt64(kind) + 77)
        for _ in 0..<50 {
            let events = Self.events(&random)
            let application = StubApplication { asked in
                asked.method == .get && !asked.path.contains("/events") ? StubApplication.json(events[0]) : StubApplication.events(events)
            }
            let stub: StubAgent =
                switch kind {
                case 0: StubAgent(dify: .chat, application)
                case 1: StubAgent(dify: .workflow, application)
                case 2: ModelStudioTests.agent(application)
                default: ModelEndpointTests.agent(application, random.chance() ? .chat : .responses)
                }
            let states = ["TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_INPUT_REQUIRED"]
            let task = try await stub.task(#"{"text":"x"},{"data":{"source":"x","fast":true}}"#)
            #expect(states.contains(task.state ?? ""))
            guard task.state == "TASK_STATE_INPUT_REQUIRED" else { continue }
            let next = try await stub.task(#"{"text":"yes"},{"data":{"action":"x","x":"y"}}"#, task: task.taskID)
            #expect(states.contains(next.state ?? ""))
        }
    }
}
