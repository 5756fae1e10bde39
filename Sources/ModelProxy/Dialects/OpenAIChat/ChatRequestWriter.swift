import HubCore
import NIOCore

/// Writes a request for OpenAI's `/chat/completions` and the servers that speak like it.
struct ChatRequestWriter: RequestWriter {
    static let dialect = Dialect.chat
    /// OpenAI's own; others take more.
    static let nameRule = NameRule()
    /// The longest id of a call that OpenAI takes.
    private static let idRule = NameRule(maximumBytes: 40, others: ".:")

    var conversion: RequestConversion
    let features: ProviderFeatures

    var path: String { "/chat/completions" }

    mutating func body() throws(RequestRefusal) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("model", request.model)
        json.key("messages")
        json.beginArray()
        if !request.system.isEmpty { Self.message("system", request.system.joined(separator: "\n\n"), to: &json) }
        for turn in request.turns { try write(turn, to: &json) }
        json.endArray()
        try writeTools(to: &json)
        json.memberIfSet("temperature", request.sampling.temperature)
        json.memberIfSet("top_p", request.sampling.topP)
        // Many servers of this dialect take it, OpenAI itself refuses it.
        if conversion.isSameDialect { json.memberIfSet("top_k", request.sampling.topK) }
        conversion.drop(.topK, if: !conversion.isSameDialect && request.sampling.topK != nil)
        json.memberIfSet("seed", request.sampling.seed)
        json.memberIfSet("presence_penalty", request.sampling.presencePenalty)
        json.memberIfSet("frequency_penalty", request.sampling.frequencyPenalty)
        json.memberIfSet("logit_bias", request.sampling.logitBias)
        if let alternatives = request.logprobs {
            json.member("logprobs", true)
            if alternatives > 0 { json.member("top_logprobs", alternatives) }
        }
        let stops = try conversion.stops(atMost: 4, takesBlank: true)
        if !stops.isEmpty { json.member("stop", stops) }
        json.memberIfSet(features.takesCompletionTokens ? "max_completion_tokens" : "max_tokens", request.maximumTokens)
        writeFormat(to: &json)
        if request.reasoning.isEnabled == false { json.member("reasoning_effort", "none") }
        json.memberIfSet("reasoning_effort", request.reasoning.impliedEffort?.rawValue)
        if request.isStreaming {
            json.member("stream", true)
            // What an answer took is wanted in any case, for the hub itself.
            json.object("stream_options") { $0.member("include_usage", true) }
        }
        json.memberIfSet("user", request.user)
        if conversion.isSameDialect { json.memberIfSet("metadata", request.metadata) }
        conversion.drop(.metadata, if: !conversion.isSameDialect && request.metadata != nil)
        let others = conversion.isSameDialect ? request.others : []
        let named = Set(others.map(\.name))
        for member in others + features.members.filter({ !named.contains($0.name) }) { json.member(member.name, raw: member.value) }
        json.endObject()
        return json.buffer
    }

    private static func message(_ role: String, _ text: String, to json: inout JSONWriter) {
        json.object { json in
            json.member("role", role)
            json.member("content", text)
        }
    }

    // MARK: Messages

    private mutating func write(_ turn: ChatTurn, to json: inout JSONWriter) throws(RequestRefusal) {
        switch turn.role {
        case .assistant: try writeAssistant(turn.parts, to: &json)
        case .system: try writeMessage("system", turn.parts, to: &json)
        case .user:
            // Results come first, each its own message.
            let rest = conversion.media(ofResultsIn: turn) + turn.parts.filter { !$0.isToolResult }
            for case .toolResult(let result) in turn.parts {
                let id = conversion.callID(result.callID, rule: Self.idRule)
                json.object { json in
                    json.member("role", "tool")
                    json.member("tool_call_id", id)
                    json.member("content", result.toldText)
                }
            }
            if !rest.isEmpty { try writeMessage("user", rest, to: &json) }
        }
    }

    private func writeMessage(_ role: String, _ parts: [ChatPart], to json: inout JSONWriter) throws(RequestRefusal) {
        json.beginObject()
        json.member("role", role)
        if parts.count == 1, case .text(let text) = parts.first {
            json.member("content", text)
        } else {
            json.key("content")
            json.beginArray()
            for part in parts { try write(part, to: &json) }
            json.endArray()
        }
        json.endObject()
    }

    private func write(_ part: ChatPart, to json: inout JSONWriter) throws(RequestRefusal) {
        switch part {
        case .text(let text):
            json.object { json in
                json.member("type", "text")
                json.member("text", text)
            }
        case .image(let media):
            let address: String
            switch media.source {
            case .url(let url): address = url
            case .base64(let text):
                let type = media.imageType ?? "image/png"
                address = "data:\(type);base64,\(text)"
            case .id: throw conversion.refuse(part)
            }
            json.object { json in
                json.member("type", "image_url")
                json.object("image_url") { json in
                    json.member("url", address)
                    json.memberIfSet("detail", media.detail)
                }
            }
        case .audio(let media):
            guard case .base64(let data) = media.source, let format = media.type.flatMap(Self.audioFormat) else {
                throw conversion.refuse(part)
            }
            json.object { json in
                json.member("type", "input_audio")
                json.object("input_audio") { json in
                    json.member("data", data)
                    json.member("format", format)
                }
            }
        case .file(let media):
            switch media.source {
            case .base64(let text):
                json.object { json in
                    json.member("type", "file")
                    json.object("file") { json in
                        json.member("filename", media.name ?? "file")
                        json.member("file_data", media.dataURI(text))
                    }
                }
            case .id(let id) where conversion.isSameDialect || request.dialect == .responses:
                json.object { json in
                    json.member("type", "file")
                    json.object("file") { $0.member("file_id", id) }
                }
            case .id, .url: throw conversion.refuse(part)
            }
        case .foreign(_, let raw) where conversion.isSameDialect: json.raw(raw)
        case .refusal, .toolCall, .toolResult, .reasoning, .foreign: throw conversion.refuse(part)
        }
    }

    /// The end of a media type, under the names that OpenAI has for it.
    static func audioFormat(_ type: String) -> String? {
        switch type {
        case "audio/wav", "audio/x-wav", "audio/wave": "wav"
        case "audio/mp3", "audio/mpeg": "mp3"
        default: nil
        }
    }

    private mutating func writeAssistant(_ parts: [ChatPart], to json: inout JSONWriter) throws(RequestRefusal) {
        var (text, refusal, reasoning): (String?, String?, String?)
        var calls: [ToolCall] = []
        for part in parts {
            switch part {
            case .text(let more): text = (text ?? "") + more
            case .refusal(let more): refusal = (refusal ?? "") + more
            case .reasoning(let more): reasoning = (reasoning ?? "") + more.text
            case .toolCall(let call): calls.append(call)
            case .image, .audio, .file, .toolResult, .foreign: throw conversion.refuse(part)
            }
        }
        // A message of nothing but thoughts that are not taken back is none.
        conversion.drop(.foreignReasoning, if: reasoning != nil && !features.takesReasoning)
        guard text != nil || refusal != nil || !calls.isEmpty else { return }
        json.beginObject()
        json.member("role", "assistant")
        json.key("content")
        if let text { json.string(text) } else { json.null() }
        json.memberIfSet("refusal", refusal)
        if features.takesReasoning { json.memberIfSet("reasoning_content", reasoning) }
        if !calls.isEmpty {
            json.key("tool_calls")
            json.beginArray()
            for call in calls {
                let id = conversion.callID(call.id, rule: Self.idRule)
                let name = conversion.names.sent(for: call.name)
                json.object { json in
                    json.member("id", id)
                    json.member("type", "function")
                    json.object("function") { json in
                        json.member("name", name)
                        json.member("arguments", call.arguments.isEmpty ? "{}" : call.arguments)
                    }
                }
            }
            json.endArray()
        }
        json.endObject()
    }

    // MARK: Tools and format

    private mutating func writeTools(to json: inout JSONWriter) throws(RequestRefusal) {
        let tools = try conversion.tools()
        guard !tools.isEmpty else { return }
        let names = conversion.names
        json.array("tools") { json in
            for tool in tools {
                switch tool {
                case .foreign(_, _, let raw): json.raw(raw)
                case .function(let function):
                    json.object { json in
                        json.member("type", "function")
                        json.object("function") { json in
                            json.member("name", names.sent(for: function.name))
                            json.memberIfSet("description", function.description)
                            json.memberIfSet("parameters", function.parameters)
                            json.memberIfSet("strict", function.isStrict)
                        }
                    }
                }
            }
        }
        switch request.toolChoice {
        case nil: break
        case .auto, .allowed(_, isRequired: false): json.member("tool_choice", "auto")
        case .none?: json.member("tool_choice", "none")
        case .required, .allowed(_, isRequired: true): json.member("tool_choice", "required")
        case .tool(let name):
            json.object("tool_choice") { json in
                json.member("type", "function")
                json.object("function") { $0.member("name", names.sent(for: name)) }
            }
        }
        json.memberIfSet("parallel_tool_calls", request.allowsParallelCalls)
    }

    private func writeFormat(to json: inout JSONWriter) {
        switch request.output {
        case .text: break
        case .jsonObject: json.object("response_format") { $0.member("type", "json_object") }
        case .schema(let schema):
            json.object("response_format") { json in
                json.member("type", "json_schema")
                json.object("json_schema") { json in
                    json.member("name", schema.name ?? "answer")
                    json.memberIfSet("description", schema.description)
                    json.memberIfSet("strict", schema.isStrict)
                    json.member("schema", raw: schema.schema)
                }
            }
        }
    }
}
