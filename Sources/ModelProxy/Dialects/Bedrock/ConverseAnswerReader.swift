import HubCore
import NIOCore

/// Reads answers of Amazon Bedrock's Converse and ConverseStream.
struct ConverseAnswerReader: AnswerDecoder {
    /// What it used comes after the reason for the end, and nothing after that.
    static let mayEndAfterStop = true

    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler) {
        let key = message["contentBlockIndex"]?.int ?? 0
        switch name {
        case "messageStart": answer.start(id: nil, model: nil)
        case "contentBlockStart":
            guard let call = message["start"]?["toolUse"] else { return }
            answer.call(key, id: call["toolUseId"]?.string, name: call["name"]?.string)
        case "contentBlockDelta":
            guard let delta = message["delta"] else { return }
            answer.text(delta["text"]?.string ?? "")
            answer.arguments(key, delta["toolUse"]?["input"]?.string ?? "")
            if let reasoning = delta["reasoningContent"] {
                answer.reasoning(reasoning["text"]?.string ?? "")
                readSignature(reasoning, into: &answer)
            }
        case "contentBlockStop": answer.endCall(key)
        case "messageStop": readStop(message["stopReason"]?.string, into: &answer)
        case "metadata": readUsage(message["usage"], into: &answer)
        default: break
        }
    }

    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler) {
        answer.start(id: nil, model: nil)
        for (key, block) in (body["output"]?["message"]?["content"]?.elements ?? .none).enumerated() where !answer.isOver {
            answer.text(block["text"]?.string ?? "")
            if let call = block["toolUse"] {
                let input = call["input"].flatMap { $0.kind == .object ? String(buffer: $0.compactBytes) : nil }
                answer.call(key, id: call["toolUseId"]?.string, name: call["name"]?.string, arguments: input ?? "")
                answer.endCall(key)
            }
            if let reasoning = block["reasoningContent"] {
                answer.reasoning(reasoning["reasoningText"]?["text"]?.string ?? "")
                readSignature(reasoning["reasoningText"] ?? reasoning, into: &answer)
            }
        }
        readUsage(body["usage"], into: &answer)
        readStop(body["stopReason"]?.string, into: &answer)
    }

    private func readSignature(_ reasoning: JSONValue, into answer: inout AnswerAssembler) {
        if let text = reasoning["signature"]?.string { answer.signature(ReasoningSignature(origin: .converse, value: text)) }
        if let data = reasoning["redactedContent"]?.string { answer.redacted(ReasoningSignature(origin: .converse, value: data)) }
    }

    private func readStop(_ reason: String?, into answer: inout AnswerAssembler) {
        switch reason {
        case nil: break
        case "stop_sequence": answer.stop(.stopSequence(nil))
        case "max_tokens": answer.stop(.length)
        case "model_context_window_exceeded": answer.stop(.contextLength)
        case "tool_use": answer.stop(.toolCalls)
        case "guardrail_intervened", "content_filtered": answer.stop(.contentFilter)
        case "malformed_model_output", "malformed_tool_use":
            answer.fail(ProviderError(.server, "The model called a tool in a way that cannot be read"))
        case .some: answer.stop(.stop)
        }
    }

    /// What is read from a cache or written to it is counted besides `inputTokens` here.
    private func readUsage(_ usage: JSONValue?, into answer: inout AnswerAssembler) {
        guard let usage, usage.kind == .object else { return }
        let (read, written) = (usage.tokens("cacheReadInputTokens"), usage.tokens("cacheWriteInputTokens"))
        answer.usage(
            ChatUsage(
                input: usage.tokens("inputTokens") + read + written, cachedInput: read, cacheWrite: written,
                output: usage.tokens("outputTokens")))
    }
}
