import HubCore
import NIOCore

/// Writes a request for Gemini's `generateContent` and `streamGenerateContent`.
struct GeminiRequestWriter: RequestWriter {
    static let dialect = Dialect.gemini
    static let nameRule = NameRule(maximumBytes: 64, others: ".:", beginsWithLetter: true)

    var conversion: RequestConversion
    let features: ProviderFeatures

    var path: String {
        let model = PercentEncoding.encode(request.model)
        return request.isStreaming ? "/models/\(model):streamGenerateContent?alt=sse" : "/models/\(model):generateContent"
    }

    mutating func body() throws(RequestRefusal) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        if !request.system.isEmpty {
            json.object("systemInstruction") { json in
                json.array("parts") { json in for text in request.system { json.object { $0.member("text", text) } } }
            }
        }
        json.key("contents")
        json.beginArray()
        for turn in try conversion.alternatingTurns() { try write(turn, to: &json) }
        json.endArray()
        try writeTools(to: &json)
        try writeSettings(to: &json)
        conversion.drop(.metadata, if: request.user != nil || request.metadata != nil)
        json.endObject()
        return json.buffer
    }

    // MARK: Turns

    private mutating func write(_ turn: ChatTurn, to json: inout JSONWriter) throws(RequestRefusal) {
        json.beginObject()
        json.member("role", turn.role == .assistant ? "model" : "user")
        json.key("parts")
        json.beginArray()
        let firstCall = turn.parts.firstIndex { part in if case .toolCall = part { true } else { false } }
        for (index, part) in turn.parts.enumerated() {
            if case .toolCall(let call) = part { write(call, isFirst: index == firstCall, to: &json) } else { try write(part, to: &json) }
        }
        json.endArray()
        json.endObject()
    }

    /// The first call of a turn is signed: models from Gemini 3 on refuse one that is not, and take these words for calls of other models.
    private mutating func write(_ call: ToolCall, isFirst: Bool, to json: inout JSONWriter) {
        let arguments = call.argumentsObject(&conversion.losses)
        let name = conversion.names.sent(for: call.name)
        var signature = call.signature.flatMap { $0.origin == .gemini ? $0.value : nil }
        conversion.drop(.foreignReasoning, if: call.signature != nil && signature == nil)
        if signature == nil, isFirst, request.model.hasPrefix("gemini-"), !takesBudget {
            signature = Base64.encode(Array("skip_thought_signature_validator".utf8))
        }
        json.object { json in
            json.object("functionCall") { json in
                json.member("id", call.id)
                json.member("name", name)
                json.member("args", raw: arguments)
            }
            json.memberIfSet("thoughtSignature", signature)
        }
    }

    /// Whether the model is one up to 2.5, which is told how many tokens to think; later ones are told a word.
    private var takesBudget: Bool { request.model.hasPrefix("gemini-1") || request.model.hasPrefix("gemini-2") }

    private mutating func write(_ part: ChatPart, to json: inout JSONWriter) throws(RequestRefusal) {
        switch part {
        case .text(let text), .refusal(let text): json.object { $0.member("text", text) }
        case .image(let media): try write(media, type: media.imageType, part, to: &json)
        case .audio(let media), .file(let media): try write(media, type: media.type, part, to: &json)
        case .toolResult(let result): try write(result, to: &json)
        case .reasoning: break  // only calls are signed here
        case .toolCall, .foreign: throw conversion.refuse(part)  // calls are written with their turn
        }
    }

    private func write(_ media: ChatMedia, type: String?, _ part: ChatPart, to json: inout JSONWriter) throws(RequestRefusal) {
        switch media.source {
        case .base64(let data):
            guard let type else { throw conversion.refuse(part) }
            json.object { json in
                json.object("inlineData") { json in
                    json.member("mimeType", type)
                    json.member("data", data)
                }
            }
        case .url(let url):
            json.object { json in
                json.object("fileData") { json in
                    json.memberIfSet("mimeType", type)
                    json.member("fileUri", url)
                }
            }
        case .id: throw conversion.refuse(part)
        }
    }

    /// A response is an object: one that the tool gave, or one that holds its text.
    private mutating func write(_ result: ToolResult, to json: inout JSONWriter) throws(RequestRefusal) {
        let text = result.text
        let object = try? JSONDocument(parsing: text, limits: .payload).root  // most results are no JSON
        var response = JSONWriter()
        if let object, object.kind == .object, !result.isError {
            response.raw(object.compactBytes)
        } else {
            response.object { $0.member(result.isError ? "error" : "result", text) }
        }
        let name = conversion.names.sent(for: conversion.calledTools[ExactText(result.callID)] ?? "")
        json.object { json in
            json.object("functionResponse") { json in
                json.member("id", result.callID)
                json.member("name", name)
                json.member("response", raw: response.buffer)
            }
        }
        for part in result.content {
            if case .text = part { continue }
            conversion.losses.insert(.resultMedia)
            try write(part, to: &json)
        }
    }

    // MARK: Tools

    private mutating func writeTools(to json: inout JSONWriter) throws(RequestRefusal) {
        let tools = try conversion.tools()
        conversion.drop(.parallelCalls, if: request.allowsParallelCalls == false)
        conversion.drop(.strictSchema, if: tools.contains(where: \.isStrict))
        guard !tools.isEmpty else { return }
        let names = conversion.names
        json.array("tools") { json in
            json.object { json in
                json.array("functionDeclarations") { json in
                    for case .function(let function) in tools {
                        json.object { json in
                            json.member("name", names.sent(for: function.name))
                            json.member("description", function.description ?? function.name)
                            json.memberIfSet("parametersJsonSchema", function.parameters)
                        }
                    }
                }
            }
        }
        guard let choice = request.toolChoice else { return }
        json.object("toolConfig") { json in
            json.object("functionCallingConfig") { json in
                switch choice {
                case .auto, .allowed(_, isRequired: false): json.member("mode", "AUTO")
                case .none: json.member("mode", "NONE")
                case .required, .allowed(_, isRequired: true): json.member("mode", "ANY")
                case .tool(let name):
                    json.member("mode", "ANY")
                    json.member("allowedFunctionNames", [names.sent(for: name)])
                }
            }
        }
    }

    // MARK: Settings

    private mutating func writeSettings(to json: inout JSONWriter) throws(RequestRefusal) {
        let (sampling, stops) = (request.sampling, try conversion.stops(atMost: 5, takesBlank: true))
        conversion.drop(.logitBias, if: sampling.logitBias != nil)
        conversion.drop(.logprobs, if: request.logprobs != nil)
        json.object("generationConfig") { json in
            json.memberIfSet("temperature", sampling.temperature)
            json.memberIfSet("topP", sampling.topP)
            json.memberIfSet("topK", sampling.topK)
            json.memberIfSet("maxOutputTokens", request.maximumTokens)
            if !stops.isEmpty { json.member("stopSequences", stops) }
            json.memberIfSet("seed", sampling.seed)
            json.memberIfSet("presencePenalty", sampling.presencePenalty)
            json.memberIfSet("frequencyPenalty", sampling.frequencyPenalty)
            switch request.output {
            case .text: break
            case .jsonObject: json.member("responseMimeType", "application/json")
            case .schema(let schema):
                json.member("responseMimeType", "application/json")
                json.member("responseJsonSchema", raw: schema.schema)
            }
            writeThinking(to: &json)
        }
    }

    private func writeThinking(to json: inout JSONWriter) {
        let reasoning = request.reasoning
        guard reasoning.isWanted || reasoning.isEnabled == false else { return }
        json.object("thinkingConfig") { json in
            if reasoning.isEnabled == false {
                if takesBudget { json.member("thinkingBudget", 0) } else { json.member("thinkingLevel", "minimal") }
                return
            }
            json.member("includeThoughts", true)
            if takesBudget {
                json.memberIfSet("thinkingBudget", reasoning.impliedBudget)
            } else if let effort = reasoning.impliedEffort {
                json.member("thinkingLevel", effort == .xhigh || effort == .max ? "high" : effort.rawValue)
            }
        }
    }
}
