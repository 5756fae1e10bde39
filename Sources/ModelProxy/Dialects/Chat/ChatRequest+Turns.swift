import HubCore
import NIOCore

/// What several dialects want to know of a conversation.
extension ChatRequest {
    /// - Throws: where a tool has a result that was not called before.
    func checkResults() throws(RequestRefusal) {
        var calls: Set<ExactText> = []
        for turn in turns {
            for part in turn.parts {
                switch part {
                case .toolCall(let call): calls.insert(ExactText(call.id))
                case .toolResult(let result):
                    guard calls.contains(ExactText(result.callID)) else {
                        throw RequestRefusal(
                            .resultWithoutCall, "A tool has a result but was not called before it", parameter: "messages")
                    }
                default: break
                }
            }
        }
    }

    /// The tool of each call by its id; ids that stand twice mean the last.
    var calledTools: [ExactText: String] {
        var names: [ExactText: String] = [:]
        for turn in turns {
            for case .toolCall(let call) in turn.parts { names[ExactText(call.id)] = call.name }
        }
        return names
    }

    /// Whether it holds thoughts or calls signed by another provider than one of `dialect`, which that one would refuse. Such a request is
    /// written anew even where caller and provider speak the same dialect.
    func hasForeignSignatures(for dialect: Dialect) -> Bool {
        turns.contains { turn in
            turn.parts.contains { part in
                switch part {
                case .reasoning(let reasoning): reasoning.signature.map { $0.origin != dialect } ?? false
                case .toolCall(let call): call.signature.map { $0.origin != dialect } ?? false
                default: false
                }
            }
        }
    }
}

extension ChatPart {
    /// Whether it is what a tool answered.
    var isToolResult: Bool { if case .toolResult = self { true } else { false } }
    /// Whether it is what the model thought.
    var isReasoning: Bool { if case .reasoning = self { true } else { false } }
}

extension ToolCall {
    /// The arguments as an object of JSON, for dialects that have them so: `{}` for none; what is no object becomes one that holds it as text,
    /// so that a model's slip does not end its conversation.
    func argumentsObject(_ losses: inout Set<ConversionLoss>) -> ByteBuffer {
        guard arguments.utf8.contains(where: { $0 > 0x20 }) else { return ByteBuffer(staticString: "{}") }
        // Why it does not parse helps nobody.
        if let root = try? JSONDocument(parsing: arguments, limits: .payload).root, root.kind == .object { return root.compactBytes }
        losses.insert(.unreadableArguments)
        var json = JSONWriter()
        json.object { $0.member("arguments", arguments) }
        return json.buffer
    }
}
