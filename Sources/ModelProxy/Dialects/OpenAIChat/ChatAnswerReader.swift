import HubCore
import NIOCore

/// Reads answers of OpenAI's `/chat/completions` and of the servers that speak like it, each in its own accent.
struct ChatAnswerReader: AnswerDecoder {
    static let mayEndAfterStop = true

    /// The number of the call for each index that the provider uses, and for each id: some send every call of an answer as index 0.
    private var keysByIndex: [Int: Int] = [:]
    private var keysByID: [String: Int] = [:]
    private var nextKey = 0
    private var lastKey: Int?

    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler) {
        if let error = Self.error(in: message, name: name) { return answer.fail(error) }
        answer.start(id: message["id"]?.string, model: message["model"]?.string)
        for choice in message["choices"]?.elements ?? .none {
            guard isFirst(choice) else { return answer.fail(ProviderError(.server, "The provider sent more answers than asked for")) }
            readChoice(choice, choice["delta"] ?? choice["message"], into: &answer)
        }
        if let usage = Self.usage(in: message["usage"]) { answer.usage(usage) }
    }

    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler) { read(body, name: nil, into: &answer) }

    private func isFirst(_ choice: JSONValue) -> Bool { choice["index"].map { $0.isNull || $0.int == 0 } ?? true }

    /// An error that came with a status of success: MiniMax has its own way to say it.
    static func error(in message: JSONValue, name: String?) -> ProviderError? {
        if let error = message["error"], !error.isNull { return ProviderError(name: nil, body: message) }
        if name == "error" || message["object"]?.isString("error") == true { return ProviderError(name: nil, body: message) }
        if let status = message["base_resp"]?["status_code"]?.int, status != 0 { return ProviderError(name: nil, body: message) }
        return nil
    }

    private mutating func readChoice(_ choice: JSONValue, _ delta: JSONValue?, into answer: inout AnswerAssembler) {
        if let delta {
            readReasoning(delta, into: &answer)
            readText(delta["content"], into: &answer)
            if let text = delta["refusal"]?.string { answer.refusal(text) }
            for call in delta["tool_calls"]?.elements ?? .none where !answer.isOver { readCall(call, into: &answer) }
            for annotation in delta["annotations"]?.elements ?? .none {
                guard let citation = annotation["url_citation"], let url = citation["url"]?.string else { continue }
                answer.citation(
                    ChatCitation(
                        url: url, title: citation["title"]?.string ?? "", start: max(0, citation["start_index"]?.int ?? 0),
                        end: max(0, citation["end_index"]?.int ?? 0)))
            }
        }
        for element in choice["logprobs"]?["content"]?.elements ?? .none { answer.logprobs(element.compactBytes) }
        switch choice["finish_reason"]?.string {
        case nil, "": break
        case "length": answer.stop(.length)
        case "tool_calls", "function_call": answer.stop(.toolCalls)
        case "content_filter", "sensitive": answer.stop(.contentFilter)
        case "model_context_window_exceeded": answer.stop(.contextLength)
        case "error", "network_error", "abort": answer.fail(ProviderError(.server, "The provider failed while it answered"))
        case "insufficient_system_resource": answer.fail(ProviderError(.overload, "The provider is overloaded; try again"))
        case .some: answer.stop(.stop)
        }
    }

    private func readReasoning(_ delta: JSONValue, into answer: inout AnswerAssembler) {
        if let text = delta["reasoning_content"]?.string ?? delta["reasoning"]?.string {
            answer.reasoning(text)
        } else {
            for detail in delta["reasoning_details"]?.elements ?? .none { answer.reasoning(detail["text"]?.string ?? "") }
        }
    }

    private func readText(_ content: JSONValue?, into answer: inout AnswerAssembler) {
        if let text = content?.string { return answer.text(text) }
        for part in content?.elements ?? .none { answer.text(part["text"]?.string ?? "") }
    }

    private mutating func readCall(_ call: JSONValue, into answer: inout AnswerAssembler) {
        let id = call["id"]?.string ?? ""
        guard let function = call["function"] else {
            // Custom tools are never offered.
            return answer.fail(ProviderError(.server, "The provider called a tool that is no function"))
        }
        let arguments = function["arguments"]
        let name = function["name"]?.string ?? ""
        answer.call(
            key(index: call["index"]?.int, id: id, isNamed: !name.isEmpty), id: id, name: name,
            arguments: arguments?.string ?? (arguments?.kind == .object ? arguments.map { String(buffer: $0.compactBytes) } : nil) ?? "")
    }

    /// 1. An id that was seen means its call. 2. A new id with a name begins a call, also at an index that has one with another id; some
    /// servers make up a new id for each piece, but do not repeat the name. 3. Otherwise the index, and without one the call before.
    private mutating func key(index: Int?, id: String, isNamed: Bool) -> Int {
        let key: Int
        let isNew = !id.isEmpty && isNamed
        if !id.isEmpty, let known = keysByID[id] {
            key = known
        } else if let index, let known = keysByIndex[index], !isNew || !keysByID.values.contains(known) {
            key = known
        } else if !isNew, index == nil, let lastKey {
            key = lastKey
        } else {
            key = nextKey
            nextKey += 1
        }
        if !id.isEmpty { keysByID[id] = key }
        if let index { keysByIndex[index] = key }
        lastKey = key
        return key
    }

    /// What an answer says that it used.
    static func usage(in usage: JSONValue?) -> ChatUsage? {
        guard let usage, usage.kind == .object else { return nil }
        return ChatUsage(
            input: usage.tokens("prompt_tokens"),
            cachedInput: max(usage.tokens("prompt_tokens_details", "cached_tokens"), usage.tokens("prompt_cache_hit_tokens")),
            cacheWrite: usage.tokens("prompt_tokens_details", "cache_write_tokens"), output: usage.tokens("completion_tokens"),
            reasoning: usage.tokens("completion_tokens_details", "reasoning_tokens"),
            audioInput: usage.tokens("prompt_tokens_details", "audio_tokens"),
            audioOutput: usage.tokens("completion_tokens_details", "audio_tokens"))
    }
}
