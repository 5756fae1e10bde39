import HubCore
import NIOCore

/// Reads answers of Ollama's own `/api/chat`; each line of a stream is one of the same shape.
struct OllamaAnswerReader: AnswerDecoder {
    static let mayEndAfterStop = false

    private var calls = 0

    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler) {
        if message["error"] != nil { return answer.fail(ProviderError(name: nil, body: message)) }
        answer.start(id: nil, model: message["model"]?.string)
        if let content = message["message"] {
            answer.reasoning(content["thinking"]?.string ?? "")
            answer.text(content["content"]?.string ?? "")
            for call in content["tool_calls"]?.elements ?? .none where !answer.isOver {
                // Calls come whole, with their arguments as an object.
                let function = call["function"]
                let arguments = function?["arguments"].flatMap { $0.kind == .object ? String(buffer: $0.compactBytes) : nil } ?? "{}"
                answer.call(calls, id: call["id"]?.string, name: function?["name"]?.string, arguments: arguments)
                answer.endCall(calls)
                calls += 1
            }
        }
        guard message["done"]?.bool == true else { return }
        answer.usage(ChatUsage(input: message.tokens("prompt_eval_count"), output: message.tokens("eval_count")))
        answer.stop(message["done_reason"]?.isString("length") == true ? .length : .stop)
        answer.end()
    }

    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler) { read(body, name: nil, into: &answer) }
}
