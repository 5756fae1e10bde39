import HubCore
import NIOCore

/// Reads answers of Gemini's `generateContent`; each message of a stream is one of the same shape.
struct GeminiAnswerReader: AnswerDecoder {
    static let mayEndAfterStop = true

    private var calls = 0

    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler) {
        if message.kind == .array || message["error"] != nil { return answer.fail(ProviderError(name: nil, body: message)) }
        answer.start(id: message["responseId"]?.string, model: message["modelVersion"]?.string)
        readUsage(message["usageMetadata"], into: &answer)
        if let reason = message["promptFeedback"]?["blockReason"], !reason.isNull { answer.stop(.contentFilter) }
        for candidate in message["candidates"]?.elements ?? .none {
            guard candidate["index"].map({ $0.int == 0 }) ?? true else {
                return answer.fail(ProviderError(.server, "The provider sent more answers than asked for"))
            }
            for part in candidate["content"]?["parts"]?.elements ?? .none where !answer.isOver { readPart(part, into: &answer) }
            readSources(candidate["groundingMetadata"], into: &answer)
            readStop(candidate["finishReason"]?.string, into: &answer)
        }
    }

    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler) { read(body, name: nil, into: &answer) }

    private mutating func readPart(_ part: JSONValue, into answer: inout AnswerAssembler) {
        let signature = part["thoughtSignature"]?.string.map { ReasoningSignature(origin: .gemini, value: $0) }
        if let call = part["functionCall"] {
            // Calls come whole, and mostly without an id.
            let arguments = call["args"].flatMap { $0.kind == .object ? String(buffer: $0.compactBytes) : nil } ?? "{}"
            answer.call(calls, id: call["id"]?.string, name: call["name"]?.string, arguments: arguments, signature: signature)
            answer.endCall(calls)
            calls += 1
        } else if let text = part["text"]?.string {
            // A signature of text may be left out of the next request, unlike that of a call.
            if part["thought"]?.bool == true { answer.reasoning(text) } else { answer.text(text) }
        } else if part["inlineData"] != nil {
            answer.fail(ProviderError(.server, "The provider answered with a picture or sound, which cannot be converted"))
        }
    }

    private func readSources(_ metadata: JSONValue?, into answer: inout AnswerAssembler) {
        for chunk in metadata?["groundingChunks"]?.elements ?? .none {
            guard let url = chunk["web"]?["uri"]?.string else { continue }
            answer.citation(ChatCitation(url: url, title: chunk["web"]?["title"]?.string ?? ""))
        }
    }

    private func readStop(_ reason: String?, into answer: inout AnswerAssembler) {
        switch reason {
        case nil, "FINISH_REASON_UNSPECIFIED": break
        case "MAX_TOKENS": answer.stop(.length)
        case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION", "MODEL_ARMOR":
            answer.stop(.contentFilter)
        case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE":
            answer.fail(ProviderError(.server, "The model called a tool in a way that cannot be read"))
        case .some: answer.stop(.stop)
        }
    }

    /// Thoughts are counted besides the text here, and cached tokens within those of the request.
    private func readUsage(_ usage: JSONValue?, into answer: inout AnswerAssembler) {
        guard let usage, usage.kind == .object else { return }
        let thoughts = usage.tokens("thoughtsTokenCount")
        answer.usage(
            ChatUsage(
                input: usage.tokens("promptTokenCount") + usage.tokens("toolUsePromptTokenCount"),
                cachedInput: usage.tokens("cachedContentTokenCount"), output: usage.tokens("candidatesTokenCount") + thoughts,
                reasoning: thoughts))
    }
}
