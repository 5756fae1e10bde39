import HubCore
import NIOCore

/// Reads a request of OpenAI's `/responses`. The hub keeps no conversations, so that a request has to hold all of its own.
enum ResponsesRequestReader {
    /// - Throws: what is wrong with it, in words that its caller may read.
    static func read(_ root: JSONValue) throws(RequestRefusal) -> ChatRequest {
        let body = try RequestObject(root)
        for name in ["previous_response_id", "conversation", "prompt"] where body[name] != nil {
            throw RequestRefusal(.storedState, "The parameter \(name) refers to what only OpenAI keeps", parameter: name)
        }
        guard try body.bool("background") != true else {
            throw RequestRefusal(.storedState, "Answers in the background are not kept here", parameter: "background")
        }
        var request = ChatRequest(dialect: .responses, model: try body.required("model", try body.string("model")))
        if let text = try body.string("instructions"), !text.isEmpty { request.system.append(text) }
        try readInput(body, into: &request)
        try readTools(body, into: &request)
        request.allowsParallelCalls = try body.bool("parallel_tool_calls")
        request.sampling = ChatSampling(temperature: try body.number("temperature"), topP: try body.number("top_p"))
        request.maximumTokens = try body.int("max_output_tokens", atLeast: 1)
        if (try body.strings("include")).contains("message.output_text.logprobs") {
            request.logprobs = try body.int("top_logprobs", atLeast: 0) ?? 0
        }
        if let reasoning = try body.object("reasoning") {
            request.reasoning = try ChatRequestReader.readEffort(try reasoning.string("effort"))
        }
        if let format = try body.object("text")?.object("format") { request.output = try readFormat(format) }
        request.isStreaming = try body.bool("stream") ?? false
        request.includesUsage = true
        request.user = try body.string("user")
        request.metadata = try body.rawObject("metadata")
        request.others = body.others(than: known)
        return request
    }

    private static let known: Set<String> = [
        "model", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "max_output_tokens",
        "include", "top_logprobs", "reasoning", "text", "stream", "user", "metadata", "background",
    ]

    /// The members that an answer repeats, as clients expect them in it.
    static func echo(of root: JSONValue) -> [JSONMember] {
        let repeated: Set = [
            "instructions", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "max_output_tokens", "top_logprobs",
            "reasoning", "text", "metadata", "user", "truncation", "store",
        ]
        return root.members.compactMap { member in
            guard let name = member.name.string, repeated.contains(name), !member.value.isNull else { return nil }
            return JSONMember(name: name, value: member.value.compactBytes)
        }
    }

    // MARK: Input

    private static func readInput(_ body: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        if let text = try body.required("input", body["input"]).string {
            request.turns = [ChatTurn(role: .user, parts: [.text(text)])]
            return
        }
        for item in try body.objects("input") {
            let type = try item.string("type") ?? "message"
            switch type {
            case "message": try readMessage(item, into: &request)
            case "function_call":
                let (id, signature) = CallID.split(try item.required("call_id", try item.string("call_id")), in: .responses)
                let call = ToolCall(
                    id: id, name: try item.required("name", try item.string("name")), arguments: try item.string("arguments") ?? "",
                    signature: signature)
                append(.toolCall(call), .assistant, to: &request)
            case "function_call_output":
                let id = try item.required("call_id", try item.string("call_id"))
                let result = ToolResult(callID: CallID.split(id, in: .responses).id, content: try readContent(item, "output"))
                append(.toolResult(result), .user, to: &request)
            case "reasoning": append(.reasoning(try readReasoning(item)), .assistant, to: &request)
            case "item_reference":
                throw RequestRefusal(.storedState, "The input refers to what only OpenAI keeps", parameter: item.path)
            default: append(.foreign(type: type, json: item.value.compactBytes), .assistant, to: &request)
            }
        }
    }

    private static func readMessage(_ item: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        let parts = try readContent(item, "content")
        switch try item.required("role", try item.string("role")) {
        case "user": request.turns.append(ChatTurn(role: .user, parts: parts))
        case "assistant": for part in parts { append(part, .assistant, to: &request) }
        case "system", "developer":
            guard request.turns.isEmpty else { return request.turns.append(ChatTurn(role: .system, parts: parts)) }
            for part in parts {
                guard case .text(let text) = part else { throw item.wrong("content", "text") }
                request.system.append(text)
            }
        default: throw item.wrong("role", "user, assistant, system or developer")
        }
    }

    /// What the model said between two turns of the user is one turn of it, however many items it takes.
    private static func append(_ part: ChatPart, _ role: ChatTurn.Role, to request: inout ChatRequest) {
        // Results are only ever joined to results, so that the first tells of all: to look at each again would make long lists quadratic.
        let isJoined =
            request.turns.last.map { $0.role == role && (role == .assistant || $0.parts.first?.isToolResult ?? true) } ?? false
        if isJoined {
            request.turns[request.turns.count - 1].parts.append(part)
        } else {
            request.turns.append(ChatTurn(role: role, parts: [part]))
        }
    }

    private static func readContent(_ item: RequestObject, _ name: String) throws(RequestRefusal) -> [ChatPart] {
        guard let content = item[name] else { return [] }
        if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
        var parts: [ChatPart] = []
        for part in try item.objects(name) { parts.append(try readPart(part)) }
        return parts
    }

    private static func readPart(_ part: RequestObject) throws(RequestRefusal) -> ChatPart {
        let type = try part.required("type", try part.string("type"))
        switch type {
        case "input_text", "output_text", "text": return .text(try part.required("text", try part.string("text")))
        case "refusal": return .refusal(try part.required("refusal", try part.string("refusal")))
        case "input_image":
            let detail = try part.string("detail")
            if let id = try part.string("file_id") { return .image(ChatMedia(source: .id(id), detail: detail)) }
            return .image(ChatMedia(address: try part.required("image_url", try part.string("image_url")), detail: detail))
        case "input_file":
            let name = try part.string("filename")
            if let id = try part.string("file_id") { return .file(ChatMedia(source: .id(id), name: name)) }
            if let url = try part.string("file_url") { return .file(ChatMedia(source: .url(url), name: name)) }
            let text = try part.required("file_data", try part.string("file_data"))
            let data = ChatMedia.dataURI(text)
            return .file(ChatMedia(source: .base64(data?.base64 ?? text), type: data?.type ?? "application/pdf", name: name))
        default: return .foreign(type: type, json: part.value.compactBytes)
        }
    }

    private static func readReasoning(_ item: RequestObject) throws(RequestRefusal) -> ChatReasoning {
        var text = ""
        for name in ["summary", "content"] where text.isEmpty {
            for part in try item.objects(name) { text += try part.string("text") ?? "" }
        }
        guard let secret = try item.string("encrypted_content") else { return ChatReasoning(text: text) }
        let isRedacted = secret.hasPrefix(ResponsesItem.redactedMark)
        let signature = ReasoningSignature(
            text: isRedacted ? String(secret.dropFirst(ResponsesItem.redactedMark.count)) : secret, in: .responses)
        return ChatReasoning(text: text, signature: signature, isRedacted: isRedacted)
    }

    // MARK: Tools and format

    private static func readTools(_ body: RequestObject, into request: inout ChatRequest) throws(RequestRefusal) {
        for tool in try body.objects("tools") {
            let type = try tool.required("type", try tool.string("type"))
            guard type == "function" else {
                request.tools.append(.foreign(type: type, name: try tool.string("name"), json: tool.value.compactBytes))
                continue
            }
            request.tools.append(
                .function(
                    FunctionTool(
                        name: try tool.required("name", try tool.string("name")), description: try tool.string("description"),
                        parameters: try tool.rawObject("parameters"), isStrict: try tool.bool("strict"))))
        }
        guard let value = body["tool_choice"] else { return }
        switch value.string {
        case "auto": request.toolChoice = .auto
        case "none": request.toolChoice = ToolChoice.none
        case "required": request.toolChoice = .required
        case .some: throw body.wrong("tool_choice", "none, auto, required or an object")
        case nil:
            let choice = try RequestObject(value, path: "tool_choice")
            let type = try choice.required("type", try choice.string("type"))
            guard type == "allowed_tools" else {
                // A tool that the provider runs is chosen by its type.
                request.toolChoice = .tool(try choice.string("name") ?? type)
                return
            }
            var names: [String] = []
            for tool in try choice.objects("tools") { if let name = try tool.string("name") { names.append(name) } }
            request.toolChoice = .allowed(names, isRequired: try choice.string("mode") == "required")
        }
    }

    private static func readFormat(_ format: RequestObject) throws(RequestRefusal) -> OutputFormat {
        switch try format.required("type", try format.string("type")) {
        case "text": return .text
        case "json_object": return .jsonObject
        case "json_schema":
            return .schema(
                OutputSchema(
                    name: try format.string("name"), description: try format.string("description"), isStrict: try format.bool("strict"),
                    schema: try format.required("schema", try format.rawObject("schema"))))
        default: throw format.wrong("type", "text, json_object or json_schema")
        }
    }
}
