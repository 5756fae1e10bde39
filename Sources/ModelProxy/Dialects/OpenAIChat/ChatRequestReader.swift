import HubCore
import NIOCore

/// Reads a request of OpenAI's `/chat/completions`.
enum ChatRequestReader {
    /// - Throws: what is wrong with it, in words that its caller may read.
    static func read(_ root: JSONValue) throws(RequestRefusal) -> ChatRequest {
        let body = try RequestObject(root)
        var request = ChatRequest(dialect: .chat, model: try body.required("model", try body.string("model")))
        try readMessages(body, into: &request)
        request.tools = try readTools(body)
        request.toolChoice = try readToolChoice(body)
        request.allowsParallelCalls = try body.bool("parallel_tool_calls")
        request.sampling = ChatSampling(
            temperature: try body.number("temperature"), topP: try body.number("top_p"), topK: try body.int("top_k"),
            seed: try body.int("seed"), presencePenalty: try body.number("presence_penalty"),
            frequencyPenalty: try body.number("frequency_penalty"), logitBias: try body.rawObject("logit_bias"))
        request.answers = try body.int("n", atLeast: 1) ?? 1
        let alternatives = try body.int("top_logprobs", atLeast: 0)
        request.logprobs = try body.bool("logprobs") == true ? alternatives ?? 0 : nil
        request.stop = try body.strings("stop")
        request.maximumTokens = try body.int("max_completion_tokens", or: "max_tokens", atLeast: 1)
        request.output = try readFormat(body)
        request.reasoning = try readEffort(body.string("reasoning_effort"))
        request.isStreaming = try body.bool("stream") ?? false
        request.includesUsage = try body.object("stream_options")?.bool("include_usage") ?? false
        request.user = try body.string("user")
        request.metadata = try body.rawObject("metadata")
        let modalities = try body.strings("modalities")
        guard body["audio"] == nil, modalities.allSatisfy({ $0 == "text" }) else {
            throw RequestRefusal(.audioOutput, "Answers in sound cannot be converted", parameter: "modalities")
        }
        for name in ["functions", "function_call"] where body[name] != nil {
            throw RequestRefusal("The parameter \(name) is no longer served; use tools and tool_choice", parameter: name)
        }
        request.others = body.others(than: known)
        return request
    }

    private static let known: Set<String> = [
        "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "top_k", "seed", "presence_penalty",
        "frequency_penalty", "logit_bias", "n", "logprobs", "top_logprobs", "stop", "max_completion_tokens", "max_tokens",
        "response_format", "reasoning_effort", "stream", "stream_options", "user", "metadata", "audio", "modalities",
    ]

    /// How much to think, in a word; unknown words are the provider's business.
    static func readEffort(_ word: String?) throws(RequestRefusal) -> ReasoningSetting {
        guard let word else { return ReasoningSetting() }
        guard word != "none" else { return ReasoningSetting(isEnabled: false) }
        guard let effort = ReasoningSetting.Effort(rawValue: word) else {
            let words = ReasoningSetting.Effort.allCases.map(\.rawValue).joined(separator: ", ")
            throw RequestRefusal("The reasoning effort must be none or one of \(words)", parameter: "reasoning_effort")
        }
        return ReasoningSetting(effort: effort)
    }

    // MARK: Messages

    private static func readMessages(_ body: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        _ = try body.required("messages", body["messages"])
        for message in try body.objects("messages") {
            switch try message.required("role", try message.string("role")) {
            case "system", "developer":
                let parts = try readContent(message)
                if request.turns.isEmpty {
                    for part in parts {
                        guard case .text(let text) = part else { throw message.wrong("content", "text") }
                        request.system.append(text)
                    }
                } else {
                    request.turns.append(ChatTurn(role: .system, parts: parts))
                }
            case "user": request.turns.append(ChatTurn(role: .user, parts: try readContent(message)))
            case "assistant": request.turns.append(ChatTurn(role: .assistant, parts: try readAssistant(message)))
            case "tool":
                let id = try message.required("tool_call_id", try message.string("tool_call_id"))
                let result = ToolResult(callID: CallID.split(id, in: .chat).id, content: try readContent(message))
                request.turns.append(ChatTurn(role: .user, parts: [.toolResult(result)]))
            default: throw message.wrong("role", "system, developer, user, assistant or tool")
            }
        }
    }

    /// Thoughts, then words, then calls: the order in which models of this dialect give them.
    private static func readAssistant(_ message: RequestObject) throws(RequestRefusal) -> [ChatPart] {
        guard message["function_call"] == nil, message["audio"] == nil else {
            throw RequestRefusal(.unknownContent, "Calls of functions and sound in messages cannot be converted", parameter: message.path)
        }
        var parts: [ChatPart] = []
        for block in try message.objects("thinking_blocks") {
            let signature = try block.string("signature", or: "data")
            let reasoning = ChatReasoning(
                text: try block.string("thinking") ?? "", signature: signature.map { ReasoningSignature(text: $0, in: .chat) },
                isRedacted: try block.string("type") == "redacted_thinking")
            parts.append(.reasoning(reasoning))
        }
        if parts.isEmpty, let text = try message.string("reasoning_content", or: "reasoning"), !text.isEmpty {
            parts.append(.reasoning(ChatReasoning(text: text)))
        }
        parts += try readContent(message)
        if let text = try message.string("refusal"), !text.isEmpty { parts.append(.refusal(text)) }
        for call in try message.objects("tool_calls") {
            guard try call.string("type") ?? "function" == "function", let function = try call.object("function") else {
                throw RequestRefusal(.unknownContent, "Calls of custom tools cannot be converted", parameter: call.path)
            }
            let (id, signature) = CallID.split(try call.required("id", try call.string("id")), in: .chat)
            // Some write what they read elsewhere as an object.
            let object = function["arguments"].flatMap { $0.kind == .object ? $0 : nil }
            let arguments = if let object { String(buffer: object.compactBytes) } else { try function.string("arguments") ?? "" }
            parts.append(
                .toolCall(
                    ToolCall(
                        id: id, name: try function.required("name", try function.string("name")),
                        arguments: arguments, signature: signature)))
        }
        return parts
    }

    private static func readContent(_ message: RequestObject) throws(RequestRefusal) -> [ChatPart] {
        guard let content = message["content"] else { return [] }
        if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
        var parts: [ChatPart] = []
        for part in try message.objects("content") { parts.append(try readPart(part)) }
        return parts
    }

    private static func readPart(_ part: RequestObject) throws(RequestRefusal) -> ChatPart {
        let type = try part.required("type", try part.string("type"))
        switch type {
        case "text": return .text(try part.required("text", try part.string("text")))
        case "refusal": return .refusal(try part.required("refusal", try part.string("refusal")))
        case "image_url":
            let image = try part.required("image_url", try part.object("image_url"))
            return .image(ChatMedia(address: try image.required("url", try image.string("url")), detail: try image.string("detail")))
        case "input_audio":
            let audio = try part.required("input_audio", try part.object("input_audio"))
            let data = try audio.required("data", try audio.string("data"))
            return .audio(ChatMedia(source: .base64(data), type: "audio/\(try audio.required("format", try audio.string("format")))"))
        case "file":
            let file = try part.required("file", try part.object("file"))
            let name = try file.string("filename")
            if let id = try file.string("file_id") { return .file(ChatMedia(source: .id(id), name: name)) }
            let text = try file.required("file_data", try file.string("file_data"))
            guard let data = ChatMedia.dataURI(text) else {
                return .file(ChatMedia(source: .base64(text), type: "application/pdf", name: name))
            }
            return .file(ChatMedia(source: .base64(data.base64), type: data.type, name: name))
        default: return .foreign(type: type, json: part.value.compactBytes)
        }
    }

    // MARK: Tools

    private static func readTools(_ body: RequestObject) throws(RequestRefusal) -> [ChatTool] {
        var tools: [ChatTool] = []
        for tool in try body.objects("tools") {
            let type = try tool.string("type") ?? "function"
            guard type == "function" else {
                tools.append(.foreign(type: type, name: try tool.object(type)?.string("name"), json: tool.value.compactBytes))
                continue
            }
            let function = try tool.required("function", try tool.object("function"))
            tools.append(
                .function(
                    FunctionTool(
                        name: try function.required("name", try function.string("name")), description: try function.string("description"),
                        parameters: try function.rawObject("parameters"), isStrict: try function.bool("strict"))))
        }
        return tools
    }

    private static func readToolChoice(_ body: RequestObject) throws(RequestRefusal) -> ToolChoice? {
        guard let value = body["tool_choice"] else { return nil }
        switch value.string {
        case "auto": return .auto
        case "none": return ToolChoice.none
        case "required": return .required
        case .some: throw body.wrong("tool_choice", "none, auto, required or an object")
        case nil: break
        }
        let choice = try RequestObject(value, path: "tool_choice")
        let type = try choice.required("type", try choice.string("type"))
        let inner = try choice.required(type, try choice.object(type))
        switch type {
        case "function", "custom": return .tool(try inner.required("name", try inner.string("name")))
        case "allowed_tools":
            var names: [String] = []
            for tool in try inner.objects("tools") {
                let type = try tool.string("type") ?? "function"
                if let name = try tool.object(type)?.string("name") { names.append(name) }
            }
            return .allowed(names, isRequired: try inner.string("mode") == "required")
        default: throw choice.wrong("type", "function, custom or allowed_tools")
        }
    }

    private static func readFormat(_ body: RequestObject) throws(RequestRefusal) -> OutputFormat {
        guard let format = try body.object("response_format") else { return .text }
        switch try format.required("type", try format.string("type")) {
        case "text": return .text
        case "json_object": return .jsonObject
        case "json_schema":
            let schema = try format.required("json_schema", try format.object("json_schema"))
            return .schema(
                OutputSchema(
                    name: try schema.string("name"), description: try schema.string("description"), isStrict: try schema.bool("strict"),
                    schema: try schema.required("schema", try schema.rawObject("schema"))))
        default: throw format.wrong("type", "text, json_object or json_schema")
        }
    }
}
