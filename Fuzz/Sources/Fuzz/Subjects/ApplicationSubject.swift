import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// Answers of an application behind an agent: whatever they are, the hub's caller gets a good one, and the task comes to an end or waits.
///
/// An input is a letter for the application (`A` to `E`: a chat and a workflow of Dify, one of Model Studio, a model of chat completions, one of
/// responses), a letter for the caller's method (`A` send, `B` stream), a byte that cuts streams (`PieceStream`), and the answers, apart by zero
/// bytes, of which the last is repeated. One that begins with a brace is JSON, any other a stream. A task that asks is answered once.
enum ApplicationSubject: Subject {
    static let name = "application"

    static func check(_ input: ByteBuffer) {
        var input = input
        let (kind, isStreaming) = (choose(&input, of: 5), choose(&input, of: 2) == 1)
        let cut = input.readInteger(as: UInt8.self) ?? 0
        let answers = input.readableBytesView.split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false).map { ByteBuffer($0) }
        let application = application(kind, Answering(answers: answers, cut: cut))
        runToEnd {
            let exchange = AgentExchange()
            let agent = A2AAgent(
                name: "orders", profile: AgentProfile(name: "Orders", description: "", version: "1"), application: application,
                hosts: HostRule(names: [], allowsLoopback: true), runtime: exchange.runtime)
            let parts = #"{"text":"x"},{"data":{"source":"x","fast":true}}"#
            var (task, state) = await ask(agent, exchange, parts, task: nil, isStreaming: isStreaming)
            if state == "TASK_STATE_INPUT_REQUIRED", let task {
                (_, state) = await ask(
                    agent, exchange, #"{"text":"yes"},{"data":{"action":"x","x":"y"}}"#, task: task, isStreaming: isStreaming)
            }
            claim(task == nil || states.contains(state ?? ""), "a task ends or waits: \(state ?? "")")
            exchange.checkRest()
        }
    }

    private static let states: Set = [
        "TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED", "TASK_STATE_INPUT_REQUIRED",
    ]

    /// Sends a message; gives the task, and how it stands then.
    private static func ask(
        _ agent: A2AAgent, _ exchange: AgentExchange, _ parts: String, task: String?, isStreaming: Bool
    ) async -> (task: String?, state: String?) {
        let known = task.map { #","taskId":"\#($0)""# } ?? ""
        let message = #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[\#(parts)]\#(known)}}"#
        let documents = await send(agent, exchange, isStreaming ? "SendStreamingMessage" : "SendMessage", message)
        guard let id = task ?? AgentExchange.taskID(in: documents) else { return (nil, nil) }
        let told = await send(agent, exchange, "GetTask", #"{"id":"\#(id)"}"#)
        return (id, told.first?["result"]?["status"]?["state"]?.string)
    }

    private static func send(_ agent: A2AAgent, _ exchange: AgentExchange, _ method: String, _ params: String) async -> [JSONValue] {
        let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":\#(params)}"#)
        let documents = await exchange.answer(agent, to: request(.post, "/a2a/orders", body)).documents
        for document in documents {
            claim((document["result"] == nil) != (document["error"] == nil), "an answer is a result or an error")
        }
        return documents
    }

    private static func application(_ kind: Int, _ target: Answering) -> AgentApplication {
        switch kind {
        case 0: .dify(DifyApplication(kind: .chat, target: target))
        case 1: .dify(DifyApplication(kind: .workflow, target: target))
        case 2: .modelStudio(ModelStudioApplication(id: "app", target: target))
        case 3: .model(ModelEndpoint(model: "m", target: target, instructions: "Be brief."))
        default: .model(ModelEndpoint(model: "m", target: target, dialect: .responses))
        }
    }

    private final class Answering: CallTarget {
        private let rest: NIOLockedValueBox<[ByteBuffer]>
        private let cut: UInt8
        /// What an application of Dify says of itself.
        private let description = #"{"user_input_form":[{"text-input":{"variable":"source","label":"S","required":true,"default":"x"}}]}"#

        init(answers: [ByteBuffer], cut: UInt8) { (rest, self.cut) = (NIOLockedValueBox(answers), cut) }

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            guard case .message(let message) = call.content else { fatalError("an application gets messages of HTTP") }
            if let body = message.body, message.headers[.contentType] == "application/json" { _ = AnswerKeeper.Answer.parse(body) }
            let isWork = message.method != .get || message.path.contains("/events")
            let answer =
                !isWork
                ? ByteBuffer(string: description) : rest.withLockedValue { $0.count > 1 ? $0.removeFirst() : $0.first ?? ByteBuffer() }
            if answer.readableBytesView.first == UInt8(ascii: "{") {
                return CallResponse(status: 200, contentType: "application/json", body: answer)
            }
            return CallResponse(
                status: 200, fields: [.contentType: "text/event-stream"], body: .stream(PieceStream(answer, cut: cut)))
        }
    }
}
