import HubCore
import NIOCore

/// Writes a request for Anthropic's `/v1/messages`.
struct MessagesRequestWriter: RequestWriter {
    static let dialect = Dialect.messages
    static let nameRule = NameRule(maximumBytes: 128)
    private static let idRule = NameRule(maximumBytes: 256)
    /// The least that may be thought, in tokens.
    private static let minimumBudget = 1024

    var conversion: RequestConversion
    let features: ProviderFeatures

    var path: String { "/messages" }

    mutating func body() throws(RequestRefusal) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("model", request.model)
        let thinking = thinking()
        json.member("max_tokens", maximumTokens(budget: thinking.budget))
        let system = conversion.system(saysJSON: true)
        if !system.isEmpty { json.array("system") { json in for text in system { Self.text(text, to: &json) } } }
        json.key("messages")
        json.beginArray()
        let turns = try conversion.alternatingTurns(keepsSystemTurns: features.takesSystemTurns)
        for (index, turn) in turns.enumerated() { try write(turn, isLast: index == turns.count - 1, to: &json) }
        json.endArray()
        try writeTools(to: &json)
        writeSampling(isThinking: thinking.isOn, to: &json)
        let stops = try conversion.stops(atMost: 8191, takesBlank: false)
        if !stops.isEmpty { json.member("stop_sequences", stops) }
        write(thinking, to: &json)
        if request.isStreaming { json.member("stream", true) }
        writeUser(to: &json)
        if conversion.isSameDialect {
            for member in request.others where member.name != "metadata" { json.member(member.name, raw: member.value) }
        }
        json.endObject()
        return json.buffer
    }

    private static func text(_ text: String, to json: inout JSONWriter) {
        json.object { json in
            json.member("type", "text")
            json.member("text", text)
        }
    }

    // MARK: Turns

    private mutating func write(_ turn: ChatTurn, isLast: Bool, to json: inout JSONWriter) throws(RequestRefusal) {
        let role =
            switch turn.role {
            case .user: "user"
            case .assistant: "assistant"
            case .system: "system"
            }
        var parts = turn.parts
        // The beginning of an answer that is to be continued may not end with white space.
        if isLast, turn.role == .assistant, case .text(var text) = parts.last {
            while text.last?.isWhitespace == true { text.removeLast() }
            parts[parts.count - 1] = .text(text)
        }
        json.beginObject()
        json.member("role", role)
        json.key("content")
        json.beginArray()
        for part in parts { try write(part, to: &json) }
        json.endArray()
        json.endObject()
    }

    private mutating func write(_ part: ChatPart, to json: inout JSONWriter) throws(RequestRefusal) {
        switch part {
        case .text(let text), .refusal(let text): Self.text(text, to: &json)
        case .image(let media): try write(media, "image", type: media.imageType, part, to: &json)
        case .file(let media): try write(media, "document", type: media.type, part, to: &json)
        case .toolCall(let call):
            let (id, input) = (conversion.callID(call.id, rule: Self.idRule), call.argumentsObject(&conversion.losses))
            let name = conversion.names.sent(for: call.name)
            json.object { json in
                json.member("type", "tool_use")
                json.member("id", id)
                json.member("name", name)
                json.member("input", raw: input)
            }
        case .toolResult(let result):
            json.beginObject()
            json.member("type", "tool_result")
            json.member("tool_use_id", conversion.callID(result.callID, rule: Self.idRule))
            json.key("content")
            json.beginArray()
            for part in result.content where part != .text("") { try write(part, to: &json) }
            json.endArray()
            if result.isError { json.member("is_error", true) }
            json.endObject()
        case .reasoning(let reasoning):
            guard let signature = reasoning.signature?.value else { return }
            json.object { json in
                json.member("type", reasoning.isRedacted ? "redacted_thinking" : "thinking")
                if reasoning.isRedacted {
                    json.member("data", signature)
                } else {
                    json.member("thinking", reasoning.text)
                    json.member("signature", signature)
                }
            }
        case .foreign(_, let raw) where conversion.isSameDialect: json.raw(raw)
        case .audio, .foreign: throw conversion.refuse(part)
        }
    }

    private func write(
        _ media: ChatMedia, _ block: String, type: String?, _ part: ChatPart, to json: inout JSONWriter
    ) throws(RequestRefusal) {
        var source = JSONWriter()
        switch media.source {
        case .url(let url):
            source.object { source in
                source.member("type", "url")
                source.member("url", url)
            }
        case .id(let id) where conversion.isSameDialect:
            source.object { source in
                source.member("type", "file")
                source.member("file_id", id)
            }
        case .id: throw conversion.refuse(part)
        case .base64(let data) where block == "document" && type?.hasPrefix("text/") == true:
            guard let bytes = Base64.decode(data), let text = String(validating: bytes, as: UTF8.self) else {
                throw conversion.refuse(part)
            }
            source.object { source in
                source.member("type", "text")
                source.member("media_type", "text/plain")
                source.member("data", text)
            }
        case .base64(let data):
            let allowed = block == "document" ? ["application/pdf"] : ["image/jpeg", "image/png", "image/gif", "image/webp"]
            guard let type, allowed.contains(type) else { throw conversion.refuse(part) }
            source.object { source in
                source.member("type", "base64")
                source.member("media_type", type)
                source.member("data", data)
            }
        }
        json.object { json in
            json.member("type", block)
            if block == "document" { json.memberIfSet("title", media.name) }
            json.member("source", raw: source.buffer)
        }
    }

    // MARK: Tools

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
                        json.member("name", names.sent(for: function.name))
                        json.memberIfSet("description", function.description)
                        json.member("input_schema", raw: function.parameters ?? ByteBuffer(staticString: #"{"type":"object"}"#))
                        json.memberIfSet("strict", function.isStrict)
                    }
                }
            }
        }
        let parallel = request.allowsParallelCalls
        guard request.toolChoice != nil || parallel == false else { return }
        json.object("tool_choice") { json in
            switch request.toolChoice {
            case nil, .auto, .allowed(_, isRequired: false): json.member("type", "auto")
            case .required, .allowed(_, isRequired: true): json.member("type", "any")
            case .none?: json.member("type", "none")
            case .tool(let name):
                json.member("type", "tool")
                json.member("name", names.sent(for: name))
            }
            // The other way round, and not where nothing is called.
            if request.toolChoice != ToolChoice.none { json.memberIfSet("disable_parallel_tool_use", parallel.map { !$0 }) }
        }
    }

    // MARK: Sampling and thinking

    private mutating func writeSampling(isThinking: Bool, to json: inout JSONWriter) {
        let sampling = request.sampling
        conversion.drop(.seed, if: sampling.seed != nil)
        conversion.drop(.logitBias, if: sampling.logitBias != nil)
        conversion.drop(.penalties, if: sampling.presencePenalty != nil || sampling.frequencyPenalty != nil)
        conversion.drop(.logprobs, if: request.logprobs != nil)
        if isThinking || !(features.takesSampling || conversion.isSameDialect) {
            conversion.drop(.sampling, if: sampling.temperature != nil || sampling.topP != nil || sampling.topK != nil)
        } else {
            json.memberIfSet("temperature", conversion.clamp(sampling.temperature, to: DecimalNumber("1")))
            json.memberIfSet("top_p", sampling.topP)
            json.memberIfSet("top_k", sampling.topK)
        }
    }

    /// How much the model is told to think.
    private struct Thinking {
        var isOn = false
        /// In tokens; nil lets the model decide.
        var budget: Int?
    }

    /// 1. A forced call leaves no room for thoughts. 2. A budget is at least 1024 tokens and below those of the answer.
    private mutating func thinking() -> Thinking {
        guard request.reasoning.isWanted else { return Thinking() }
        guard !conversion.isCallForced else {
            conversion.losses.insert(.reasoningWithForcedCall)
            return Thinking()
        }
        let isTold = !features.thinksAdaptively || (request.reasoning.budget != nil && conversion.isSameDialect)
        guard isTold else { return Thinking(isOn: true) }
        let wanted = max(Self.minimumBudget, request.reasoning.impliedBudget ?? ReasoningSetting.Effort.medium.budget)
        let budget = min(wanted, (request.maximumTokens ?? .max) - 1)
        guard budget >= Self.minimumBudget else {
            conversion.losses.insert(.reasoning)
            return Thinking()
        }
        return Thinking(isOn: true, budget: budget)
    }

    private func maximumTokens(budget: Int?) -> Int { request.maximumTokens ?? features.maximumTokens + (budget ?? 0) }

    private mutating func write(_ thinking: Thinking, to json: inout JSONWriter) {
        if request.reasoning.isEnabled == false {
            json.object("thinking") { $0.member("type", "disabled") }
        } else if thinking.isOn {
            json.object("thinking") { json in
                json.member("type", thinking.budget == nil ? "adaptive" : "enabled")
                json.memberIfSet("budget_tokens", thinking.budget)
            }
        }
        let effort = features.thinksAdaptively && thinking.budget == nil ? request.reasoning.impliedEffort : nil
        var schema: ByteBuffer?
        if case .schema(let output) = request.output { schema = output.schema }
        guard effort != nil || schema != nil else { return }
        json.object("output_config") { json in
            json.memberIfSet("effort", effort.map { $0 == .minimal ? "low" : $0.rawValue })
            if let schema {
                json.object("format") { json in
                    json.member("type", "json_schema")
                    json.member("schema", raw: schema)
                }
            }
        }
    }

    /// Who the user is, unless Anthropic would refuse it for a person's address or number.
    private mutating func writeUser(to json: inout JSONWriter) {
        conversion.drop(.metadata, if: request.metadata != nil)
        guard let user = request.user else { return }
        if !conversion.isSameDialect, user.contains("@") || (user.utf8.count >= 7 && user.allSatisfy { "+-() 0123456789".contains($0) }) {
            conversion.losses.insert(.personalUser)
        } else {
            json.object("metadata") { $0.member("user_id", user) }
        }
    }
}
