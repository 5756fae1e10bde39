import HubCore
import NIOCore

/// Writes a request for Amazon Bedrock's Converse and ConverseStream.
struct ConverseRequestWriter: RequestWriter {
    static let dialect = Dialect.converse
    static let nameRule = NameRule()
    private static let idRule = NameRule(maximumBytes: 64, others: ".:")
    private static let imageFormats = ["image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"]
    private static let audioFormats = [
        "audio/wav": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/aac": "aac", "audio/ogg": "ogg",
        "audio/opus": "opus", "audio/webm": "webm", "audio/mp4": "mp4",
    ]
    private static let documentFormats = [
        "application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/plain": "txt", "text/markdown": "md",
        "application/msword": "doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.ms-excel": "xls", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    ]

    var conversion: RequestConversion
    let features: ProviderFeatures
    /// How many have been written.
    private var documents = 0

    var path: String { "/model/\(PercentEncoding.encode(request.model))/\(request.isStreaming ? "converse-stream" : "converse")" }

    init(conversion: RequestConversion, features: ProviderFeatures) {
        self.conversion = conversion
        self.features = features
    }

    mutating func body() throws(RequestRefusal) -> ByteBuffer {
        // Where it stands in the path, such a name would mean another path.
        guard ![".", "..", ""].contains(request.model) else { throw RequestRefusal("There is no such model", parameter: "model") }
        var json = JSONWriter()
        json.beginObject()
        let system = conversion.system(saysJSON: true)
        if !system.isEmpty { json.array("system") { json in for text in system { json.object { $0.member("text", text) } } } }
        json.key("messages")
        json.beginArray()
        for turn in try conversion.alternatingTurns() { try write(turn, to: &json) }
        json.endArray()
        let thinking = thinking()
        try writeSettings(thinking, to: &json)
        try writeTools(to: &json)
        writeOutput(to: &json)
        conversion.drop(.metadata, if: request.user != nil || request.metadata != nil)
        json.endObject()
        return json.buffer
    }

    // MARK: Turns

    private mutating func write(_ turn: ChatTurn, to json: inout JSONWriter) throws(RequestRefusal) {
        json.beginObject()
        json.member("role", turn.role == .assistant ? "assistant" : "user")
        json.key("content")
        json.beginArray()
        for part in turn.parts { try write(part, to: &json) }
        json.endArray()
        json.endObject()
    }

    private mutating func write(_ part: ChatPart, to json: inout JSONWriter) throws(RequestRefusal) {
        switch part {
        case .text(let text), .refusal(let text): json.object { $0.member("text", text) }
        case .image(let media): try write(media, "image", format: media.imageType.flatMap { Self.imageFormats[$0] }, part, to: &json)
        case .audio(let media): try write(media, "audio", format: media.type.flatMap { Self.audioFormats[$0] }, part, to: &json)
        case .file(let media): try write(media, "document", format: media.type.flatMap { Self.documentFormats[$0] }, part, to: &json)
        case .toolCall(let call):
            let (id, input) = (conversion.callID(call.id, rule: Self.idRule), call.argumentsObject(&conversion.losses))
            let name = conversion.names.sent(for: call.name)
            json.object { json in
                json.object("toolUse") { json in
                    json.member("toolUseId", id)
                    json.member("name", name)
                    json.member("input", raw: input)
                }
            }
        case .toolResult(let result): try write(result, to: &json)
        case .reasoning(let reasoning):
            guard let signature = reasoning.signature?.value else { return }
            json.object { json in
                json.object("reasoningContent") { json in
                    if reasoning.isRedacted { return json.member("redactedContent", signature) }
                    json.object("reasoningText") { json in
                        json.member("text", reasoning.text)
                        json.member("signature", signature)
                    }
                }
            }
        case .foreign: throw conversion.refuse(part)
        }
    }

    /// A result must hold something, and sound has no place in it.
    private mutating func write(_ result: ToolResult, to json: inout JSONWriter) throws(RequestRefusal) {
        json.beginObject()
        json.key("toolResult")
        json.beginObject()
        json.member("toolUseId", conversion.callID(result.callID, rule: Self.idRule))
        json.key("content")
        json.beginArray()
        if result.content.isEmpty { json.object { $0.member("text", "(empty)") } }
        for part in result.content {
            switch part {
            case .text(""): json.object { $0.member("text", "(empty)") }
            case .text, .image, .file: try write(part, to: &json)
            default: throw conversion.refuse(part)
            }
        }
        json.endArray()
        if result.isError { json.member("status", "error") }
        json.endObject()
        json.endObject()
    }

    private mutating func write(
        _ media: ChatMedia, _ block: String, format: String?, _ part: ChatPart, to json: inout JSONWriter
    ) throws(RequestRefusal) {
        guard case .base64(let data) = media.source, let format else { throw conversion.refuse(part) }
        documents += block == "document" ? 1 : 0
        // Names may hold little, and must differ.
        let allowed = (media.name ?? "document").map { character in
            character.isASCII && (character.isLetter || character.isNumber || "-()[]".contains(character)) ? character : "-"
        }
        let name = "\(documents) \(String(allowed.prefix(180)))"
        json.object { json in
            json.object(block) { json in
                json.member("format", format)
                if block == "document" { json.member("name", name) }
                json.object("source") { $0.member("bytes", data) }
            }
        }
    }

    // MARK: Settings

    /// The tokens that a model of Anthropic may think, which Converse passes on; others have no setting that the hub knows.
    private mutating func thinking() -> Int? {
        guard request.reasoning.isWanted else { return nil }
        guard request.model.contains("anthropic."), !conversion.isCallForced else {
            conversion.losses.insert(conversion.isCallForced ? .reasoningWithForcedCall : .reasoning)
            return nil
        }
        let budget = min(max(1024, request.reasoning.impliedBudget ?? 4096), (request.maximumTokens ?? .max) - 1)
        conversion.drop(.reasoning, if: budget < 1024)
        return budget < 1024 ? nil : budget
    }

    private mutating func writeSettings(_ thinking: Int?, to json: inout JSONWriter) throws(RequestRefusal) {
        let sampling = request.sampling
        conversion.drop(.seed, if: sampling.seed != nil)
        conversion.drop(.logitBias, if: sampling.logitBias != nil)
        conversion.drop(.penalties, if: sampling.presencePenalty != nil || sampling.frequencyPenalty != nil)
        conversion.drop(.logprobs, if: request.logprobs != nil)
        conversion.drop(.topK, if: sampling.topK != nil)
        conversion.drop(.sampling, if: thinking != nil && (sampling.temperature != nil || sampling.topP != nil))
        let temperature = thinking == nil ? conversion.clamp(sampling.temperature, to: DecimalNumber("1")) : nil
        let stops = try conversion.stops(atMost: 2500, takesBlank: false)
        let maximum = request.maximumTokens ?? thinking.map { $0 + features.maximumTokens }
        json.object("inferenceConfig") { json in
            json.memberIfSet("maxTokens", maximum)
            json.memberIfSet("temperature", temperature)
            if thinking == nil { json.memberIfSet("topP", sampling.topP) }
            if !stops.isEmpty { json.member("stopSequences", stops) }
        }
        guard let thinking else { return }
        json.object("additionalModelRequestFields") { json in
            json.object("thinking") { json in
                json.member("type", "enabled")
                json.member("budget_tokens", thinking)
            }
        }
    }

    /// There is no way to forbid calls but to leave the tools out; a history with calls in it is refused without any tool, so that it gets one
    /// that does nothing.
    private mutating func writeTools(to json: inout JSONWriter) throws(RequestRefusal) {
        let tools = try conversion.tools()
        conversion.drop(.parallelCalls, if: request.allowsParallelCalls == false)
        let hasCalls = request.turns.contains { $0.parts.contains { if case .toolCall = $0 { true } else { false } } }
        let functions: [FunctionTool] =
            request.toolChoice == ToolChoice.none
            ? [] : tools.compactMap { tool in if case .function(let function) = tool { function } else { nil } }
        guard !functions.isEmpty || hasCalls else { return }
        let names = conversion.names
        json.object("toolConfig") { json in
            json.array("tools") { json in
                if functions.isEmpty { Self.write(FunctionTool(name: "none", description: "Not to be called."), name: "none", to: &json) }
                for function in functions { Self.write(function, name: names.sent(for: function.name), to: &json) }
            }
            switch request.toolChoice {
            case nil, .none?: break
            case .auto, .allowed(_, isRequired: false): json.object("toolChoice") { $0.object("auto") { _ in } }
            case .required, .allowed(_, isRequired: true): json.object("toolChoice") { $0.object("any") { _ in } }
            case .tool(let name): json.object("toolChoice") { $0.object("tool") { $0.member("name", names.sent(for: name)) } }
            }
        }
    }

    private static func write(_ function: FunctionTool, name: String, to json: inout JSONWriter) {
        json.object { json in
            json.object("toolSpec") { json in
                json.member("name", name)
                if let text = function.description, !text.isEmpty { json.member("description", text) }
                json.object("inputSchema") { json in
                    json.member("json", raw: function.parameters ?? ByteBuffer(staticString: #"{"type":"object"}"#))
                }
                json.memberIfSet("strict", function.isStrict)
            }
        }
    }

    /// The schema is a text here.
    private func writeOutput(to json: inout JSONWriter) {
        guard case .schema(let schema) = request.output else { return }
        json.object("outputConfig") { json in
            json.object("textFormat") { json in
                json.member("type", "json_schema")
                json.object("structure") { json in
                    json.object("jsonSchema") { json in
                        json.key("schema")
                        json.string(utf8: schema.schema)
                        json.memberIfSet("name", schema.name)
                        json.memberIfSet("description", schema.description)
                    }
                }
            }
        }
    }
}
