import HubCore
import NIOCore

/// Reads answers of Anthropic's `/v1/messages`.
struct MessagesAnswerReader: AnswerDecoder {
    static let mayEndAfterStop = false

    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler) {
        switch message["type"]?.string ?? name {
        case "message_start":
            guard let start = message["message"] else { return }
            answer.start(id: start["id"]?.string, model: start["model"]?.string)
            readUsage(start["usage"], into: &answer)
        case "content_block_start":
            if let block = message["content_block"] { readBlock(block, key: message["index"]?.int ?? 0, isWhole: false, into: &answer) }
        case "content_block_delta":
            if let delta = message["delta"] { readDelta(delta, key: message["index"]?.int ?? 0, into: &answer) }
        case "content_block_stop": answer.endCall(message["index"]?.int ?? 0)
        case "message_delta":
            readUsage(message["usage"], into: &answer)
            if let delta = message["delta"] { readStop(delta, into: &answer) }
        case "message_stop": answer.end()
        case "error": answer.fail(ProviderError(name: nil, body: message))
        default: break  // pings, and what is yet to come
        }
    }

    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler) {
        if body["type"]?.isString("error") == true { return answer.fail(ProviderError(name: nil, body: body)) }
        answer.start(id: body["id"]?.string, model: body["model"]?.string)
        for (index, block) in (body["content"]?.elements ?? .none).enumerated() where !answer.isOver {
            readBlock(block, key: index, isWhole: true, into: &answer)
            answer.endCall(index)
        }
        readUsage(body["usage"], into: &answer)
        readStop(body, into: &answer)
    }

    /// Blocks of tools that Anthropic runs itself mean nothing to others, and are only there where they were asked for in this dialect.
    private func readBlock(_ block: JSONValue, key: Int, isWhole: Bool, into answer: inout AnswerAssembler) {
        switch block["type"]?.string {
        case "text":
            answer.text(block["text"]?.string ?? "")
            for citation in block["citations"]?.elements ?? .none { readCitation(citation, into: &answer) }
        case "thinking":
            answer.reasoning(block["thinking"]?.string ?? "")
            readSignature(block, into: &answer)
        case "redacted_thinking":
            if let data = block["data"]?.string { answer.redacted(ReasoningSignature(origin: .messages, value: data)) }
        case "tool_use":
            let input = block["input"].flatMap { $0.kind == .object ? $0 : nil }
            answer.call(
                key, id: block["id"]?.string, name: block["name"]?.string,
                // At the start of a stream it is always empty.
                arguments: input.map { isWhole || $0.count > 0 ? String(buffer: $0.compactBytes) : "" } ?? "")
        default: break
        }
    }

    private func readDelta(_ delta: JSONValue, key: Int, into answer: inout AnswerAssembler) {
        switch delta["type"]?.string {
        case "text_delta": answer.text(delta["text"]?.string ?? "")
        case "thinking_delta": answer.reasoning(delta["thinking"]?.string ?? "")
        case "signature_delta": readSignature(delta, into: &answer)
        case "input_json_delta": answer.arguments(key, delta["partial_json"]?.string ?? "")
        case "citations_delta": if let citation = delta["citation"] { readCitation(citation, into: &answer) }
        default: break
        }
    }

    private func readSignature(_ value: JSONValue, into answer: inout AnswerAssembler) {
        guard let signature = value["signature"]?.string, !signature.isEmpty else { return }
        answer.signature(ReasoningSignature(origin: .messages, value: signature))
    }

    private func readCitation(_ citation: JSONValue, into answer: inout AnswerAssembler) {
        guard let url = citation["url"]?.string else { return }
        answer.citation(ChatCitation(url: url, title: citation["title"]?.string ?? ""))
    }

    private func readUsage(_ usage: JSONValue?, into answer: inout AnswerAssembler) {
        if let usage = Self.usage(in: usage) { answer.usage(usage) }
    }

    /// What an answer says that it used. What is read from a cache or written to it is counted besides `input_tokens` here.
    static func usage(in usage: JSONValue?) -> ChatUsage? {
        guard let usage, usage.kind == .object else { return nil }
        let (read, written) = (usage.tokens("cache_read_input_tokens"), usage.tokens("cache_creation_input_tokens"))
        return ChatUsage(
            input: usage.tokens("input_tokens") + read + written, cachedInput: read, cacheWrite: written,
            output: usage.tokens("output_tokens"), reasoning: usage.tokens("output_tokens_details", "thinking_tokens"))
    }

    private func readStop(_ value: JSONValue, into answer: inout AnswerAssembler) {
        switch value["stop_reason"]?.string {
        case nil: break
        case "stop_sequence": answer.stop(.stopSequence(value["stop_sequence"]?.string))
        case "max_tokens": answer.stop(.length)
        case "model_context_window_exceeded": answer.stop(.contextLength)
        case "tool_use": answer.stop(.toolCalls)
        case "refusal": answer.stop(.contentFilter)
        case "pause_turn": answer.stop(.paused)
        case .some: answer.stop(.stop)
        }
    }
}
