import HubCore
import NIOCore

/// Reads a request of Anthropic's `/v1/messages`.
enum MessagesRequestReader {
    /// - Parameter mayLackMaximum: whether it is only to be counted, and says nothing of the length of an answer.
    /// - Throws: what is wrong with it, in words that its caller may read.
    static func read(_ root: JSONValue, mayLackMaximum: Bool = false) throws(RequestRefusal) -> ChatRequest {
        let body = try RequestObject(root)
        var request = ChatRequest(dialect: .messages, model: try body.required("model", try body.string("model")))
        request.maximumTokens = try body.int("max_tokens", atLeast: 1)
        if !mayLackMaximum { _ = try body.required("max_tokens", request.maximumTokens) }
        request.system = try readSystem(body)
        _ = try body.required("messages", body["messages"])
        for message in try body.objects("messages") { request.turns.append(try readTurn(message)) }
        try readTools(body, into: &request)
        request.sampling = ChatSampling(
            temperature: try body.number("temperature"), topP: try body.number("top_p"), topK: try body.int("top_k"))
        request.stop = try body.strings("stop_sequences")
        try readThinking(body, into: &request)
        request.isStreaming = try body.bool("stream") ?? false
        request.includesUsage = true
        if let metadata = try body.object("metadata") {
            request.user = try metadata.string("user_id")
            let others = metadata.others(than: ["user_id"])
            if !others.isEmpty { request.others.append(JSONMember(name: "metadata", value: metadata.value.compactBytes)) }
        }
        request.others += body.others(than: known)
        return request
    }

    private static let known: Set<String> = [
        "model", "max_tokens", "system", "messages", "tools", "tool_choice", "temperature", "top_p", "top_k", "stop_sequences", "thinking",
        "output_config", "output_format", "stream", "metadata",
    ]

    /// The instructions. A line in which a coding agent says which version of it pays is not for the model, and would, as it changes with each
    /// request, keep providers' caches of prompts from ever being hit.
    private static func readSystem(_ body: RequestObject) throws(RequestRefusal) -> [String] {
        guard let system = body["system"] else { return [] }
        if let text = system.string { return text.isEmpty ? [] : [text] }
        var texts: [String] = []
        for block in try body.objects("system") {
            let text = try block.required("text", try block.string("text"))
            if !text.isEmpty, !text.hasPrefix("x-anthropic-billing-header:") { texts.append(text) }
        }
        return texts
    }

    // MARK: Turns

    private static func readTurn(_ message: RequestObject) throws(RequestRefusal) -> ChatTurn {
        let role: ChatTurn.Role
        switch try message.required("role", try message.string("role")) {
        case "user": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        default: throw message.wrong("role", "user, assistant or system")
        }
        _ = try message.required("content", message["content"])
        return ChatTurn(role: role, parts: try readContent(message))
    }

    private static func readContent(_ object: RequestObject) throws(RequestRefusal) -> [ChatPart] {
        guard let content = object["content"] else { return [] }
        if let text = content.string { return [.text(text)] }
        var parts: [ChatPart] = []
        for block in try object.objects("content") { parts.append(try readBlock(block)) }
        return parts
    }

    private static func readBlock(_ block: RequestObject) throws(RequestRefusal) -> ChatPart {
        let type = try block.required("type", try block.string("type"))
        switch type {
        case "text": return .text(try block.required("text", try block.string("text")))
        case "image": return try readMedia(block).map { .image($0) } ?? foreign(type, block)
        case "document": return try readMedia(block).map { .file($0) } ?? foreign(type, block)
        case "tool_use":
            let (id, signature) = CallID.split(try block.required("id", try block.string("id")), in: .messages)
            let input = try block.required("input", try block.rawObject("input"))
            return .toolCall(
                ToolCall(
                    id: id, name: try block.required("name", try block.string("name")), arguments: String(buffer: input),
                    signature: signature))
        case "tool_result":
            // Parts of a result that the model of requests has no place for are kept as they are.
            let id = try block.required("tool_use_id", try block.string("tool_use_id"))
            return .toolResult(
                ToolResult(
                    callID: CallID.split(id, in: .messages).id, content: try readContent(block),
                    isError: try block.bool("is_error") ?? false))
        case "thinking":
            let signature = try block.string("signature").flatMap { $0.isEmpty ? nil : ReasoningSignature(text: $0, in: .messages) }
            return .reasoning(ChatReasoning(text: try block.string("thinking") ?? "", signature: signature))
        case "redacted_thinking":
            let data = try block.required("data", try block.string("data"))
            return .reasoning(ChatReasoning(text: "", signature: ReasoningSignature(text: data, in: .messages), isRedacted: true))
        default: return foreign(type, block)
        }
    }

    private static func foreign(_ type: String, _ block: RequestObject) -> ChatPart {
        .foreign(type: type, json: block.value.compactBytes)
    }

    /// Nil for a source that only Anthropic knows.
    private static func readMedia(_ block: RequestObject) throws(RequestRefusal) -> ChatMedia? {
        let source = try block.required("source", try block.object("source"))
        let name = try block.string("title")
        switch try source.required("type", try source.string("type")) {
        case "base64":
            return ChatMedia(
                source: .base64(try source.required("data", try source.string("data"))), type: try source.string("media_type"), name: name)
        case "text":
            let text = try source.required("data", try source.string("data"))
            return ChatMedia(source: .base64(Base64.encode(Array(text.utf8))), type: "text/plain", name: name)
        case "url": return ChatMedia(source: .url(try source.required("url", try source.string("url"))), name: name)
        case "file": return ChatMedia(source: .id(try source.required("file_id", try source.string("file_id"))), name: name)
        default: return nil
        }
    }

    // MARK: Tools and thinking

    private static func readTools(_ body: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        for tool in try body.objects("tools") {
            let type = try tool.string("type") ?? "custom"
            let name = try tool.required("name", try tool.string("name"))
            guard type == "custom" else {
                request.tools.append(.foreign(type: type, name: name, json: tool.value.compactBytes))
                continue
            }
            request.tools.append(
                .function(
                    FunctionTool(
                        name: name, description: try tool.string("description"), parameters: try tool.rawObject("input_schema"),
                        isStrict: try tool.bool("strict"))))
        }
        guard let choice = try body.object("tool_choice") else { return }
        switch try choice.required("type", try choice.string("type")) {
        case "auto": request.toolChoice = .auto
        case "any": request.toolChoice = .required
        case "none": request.toolChoice = ToolChoice.none
        case "tool": request.toolChoice = .tool(try choice.required("name", try choice.string("name")))
        default: throw choice.wrong("type", "auto, any, none or tool")
        }
        request.allowsParallelCalls = try choice.bool("disable_parallel_tool_use").map { !$0 }
    }

    private static func readThinking(_ body: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        if let thinking = try body.object("thinking") {
            switch try thinking.required("type", try thinking.string("type")) {
            case "disabled": request.reasoning.isEnabled = false
            case "enabled":
                request.reasoning.isEnabled = true
                request.reasoning.budget = try thinking.int("budget_tokens", atLeast: 1)
            case "adaptive", "between_tools": request.reasoning.isEnabled = true
            default: throw thinking.wrong("type", "enabled, disabled, adaptive or between_tools")
            }
        }
        let config = try body.object("output_config")
        if let word = try config?.string("effort") {
            guard let effort = ReasoningSetting.Effort(rawValue: word) else {
                throw RequestRefusal("The effort must be low, medium, high, xhigh or max", parameter: "output_config.effort")
            }
            request.reasoning.effort = effort
        }
        // It had a place of its own before it was a part of the configuration.
        var format = try body.object("output_format")
        if let newer = try config?.object("format") { format = newer }
        if let format {
            guard try format.string("type") == "json_schema" else { throw format.wrong("type", "json_schema") }
            request.output = .schema(OutputSchema(isStrict: true, schema: try format.required("schema", try format.rawObject("schema"))))
        }
    }
}
