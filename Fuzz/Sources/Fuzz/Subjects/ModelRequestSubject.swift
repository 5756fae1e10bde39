import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import ModelProxy

/// Requests of callers at every door of a Model API, with a provider of any kind behind it: each is refused in the door's words, or what the
/// provider is sent is a good message.
///
/// An input is a letter for the door, one for the kind of provider, and the body.
enum ModelRequestSubject: Subject {
    static let name = "model-request"

    static func check(_ input: ByteBuffer) {
        var input = input
        let route = ModelRoute.allCases[choose(&input, of: ModelRoute.allCases.count)]
        let kind = ModelProviderKind.allCases[choose(&input, of: ModelProviderKind.allCases.count)]
        let (body, provider) = (input, Provider(kind))
        runToEnd {
            let exchange = await ModelExchange(route, body, kind: kind, target: provider)
            claim(route == .models || (exchange.record != nil) == (provider.count > 0), "what was handed over has a record")
            let documents = exchange.answer.isEvents ? [] : exchange.answer.documents
            claim(exchange.answer.status < 300 || documents.first?["error"]?.kind == .object, "an error is one of the dialect")
        }
    }

    private final class Provider: CallTarget {
        private let dialect: ProviderDialect
        private let asked = NIOLockedValueBox(0)

        init(_ kind: ModelProviderKind) { dialect = ModelProvider(kind).dialect }

        var count: Int { asked.withLockedValue { $0 } }

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            guard case .message(let message) = call.content else { fatalError("a provider gets messages of HTTP") }
            asked.withLockedValue { $0 += 1 }
            if let body = message.body { claim(AnswerKeeper.Answer.parse(body).kind == .object, "a provider is sent an object") }
            claim(
                message.path.hasPrefix("/") && message.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") },
                "a path is one: \(message.path)")
            return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: answer))
        }

        private var answer: String {
            switch dialect {
            case .chat:
                #"{"id":"x","object":"chat.completion","created":1,"model":"p","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}"#
            case .messages:
                #"{"id":"x","type":"message","role":"assistant","model":"p","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#
            case .gemini: #"{"candidates":[{"content":{"role":"model","parts":[{"text":"hello"}]},"finishReason":"STOP"}],"totalTokens":3}"#
            case .converse:
                #"{"output":{"message":{"role":"assistant","content":[{"text":"hello"}]}},"stopReason":"end_turn","inputTokens":3}"#
            case .ollama: #"{"model":"p","message":{"role":"assistant","content":"hello"},"done":true,"done_reason":"stop"}"#
            }
        }
    }
}
