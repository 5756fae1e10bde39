import HubCore
import NIOCore

/// Writes a request for Ollama's own `/api/chat`.
struct OllamaRequestWriter: RequestWriter {
    static let dialect = Dialect.ollama
    static let nameRule = NameRule()

    var conversion: RequestConversion
    let features: ProviderFeatures

    var path: String { "/api/chat" }

    mutating func body() throws(RequestRefusal) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("model", request.model)
        json.key("messages")
        json.beginArray()
        if !request.system.isEmpty { try write("system", request.system.map { .text($0) }, to: &json) }
        for turn in request.turns { try write(turn, to: &json) }
        json.endArray()
        json.member("stream", request.isStreaming)
        try writeTools(to: &json)
        switch request.output {
        case .text: break
        case .jsonObject: json.member("format", "json")
        case .schema(let schema): json.member("format", raw: schema.schema)
        }
        writeThinking(to: &json)
        try writeOptions(to: &json)
        json.endObject()
        return json.buffer
    }

    private mutating func write(_ turn: ChatTurn, to json: inout JSONWriter) throws(RequestRefusal) {
        switch turn.role {
        case .assistant: try write("assistant", turn.parts, to: &json)
        case .system: try write("system", turn.parts, to: &json)
        case .user:
            let rest = conversion.media(ofResultsIn: turn) + turn.parts.filter { !$0.isToolResult }
            for case .toolResult(let result) in turn.parts {
                let name = conversion.names.sent(for: conversion.calledTools[ExactText(result.callID)] ?? "")
                json.object { json in
                    json.member("role", "tool")
                    json.member("tool_name", name)
                    json.member("content", result.toldText)
                }
            }
            if !rest.isEmpty { try write("user", rest, to: &json) }
        }
    }

    /// One text and the pictures: their order is not kept here.
    private mutating func write(_ role: String, _ parts: [ChatPart], to json: inout JSONWriter) throws(RequestRefusal) {
        var (text, thoughts) = ("", "")
        var images: [String] = []
        var calls: [ToolCall] = []
        for part in parts {
            switch part {
            case .text(let more), .refusal(let more): text += text.isEmpty || role == "assistant" ? more : "\n\n" + more
            case .reasoning(let reasoning): thoughts += reasoning.text
            case .toolCall(let call): calls.append(call)
            case .image(let media):
                guard case .base64(let data) = media.source else { throw conversion.refuse(part) }
                images.append(data)
            case .audio, .file, .toolResult, .foreign: throw conversion.refuse(part)
            }
        }
        json.beginObject()
        json.member("role", role)
        json.member("content", text)
        if !thoughts.isEmpty { json.member("thinking", thoughts) }
        if !images.isEmpty { json.member("images", images) }
        if !calls.isEmpty {
            json.key("tool_calls")
            json.beginArray()
            for call in calls {
                let (name, arguments) = (conversion.names.sent(for: call.name), call.argumentsObject(&conversion.losses))
                json.object { json in
                    json.object("function") { json in
                        json.member("name", name)
                        json.member("arguments", raw: arguments)
                    }
                }
            }
            json.endArray()
        }
        json.endObject()
    }

    /// A call cannot be forced here, nor one tool of several chosen; what is not to be called is left out.
    private mutating func writeTools(to json: inout JSONWriter) throws(RequestRefusal) {
        let tools = try conversion.tools()
        guard !conversion.isCallForced else {
            throw RequestRefusal(.chosenTool, "This provider cannot be made to call a tool", parameter: "tool_choice")
        }
        conversion.drop(.parallelCalls, if: request.allowsParallelCalls == false)
        conversion.drop(.strictSchema, if: tools.contains(where: \.isStrict))
        guard !tools.isEmpty, request.toolChoice != ToolChoice.none else { return }
        let names = conversion.names
        json.array("tools") { json in
            for case .function(let function) in tools {
                json.object { json in
                    json.member("type", "function")
                    json.object("function") { json in
                        json.member("name", names.sent(for: function.name))
                        json.memberIfSet("description", function.description)
                        json.member("parameters", raw: function.parameters ?? ByteBuffer(staticString: #"{"type":"object"}"#))
                    }
                }
            }
        }
    }

    private func writeThinking(to json: inout JSONWriter) {
        if request.reasoning.isEnabled == false {
            json.member("think", false)
        } else if let effort = request.reasoning.impliedEffort {
            switch effort {
            case .minimal, .low: json.member("think", "low")
            case .medium: json.member("think", "medium")
            case .high, .xhigh, .max: json.member("think", "high")
            }
        } else if request.reasoning.isWanted {
            json.member("think", true)
        }
    }

    private mutating func writeOptions(to json: inout JSONWriter) throws(RequestRefusal) {
        let (sampling, stops) = (request.sampling, try conversion.stops(atMost: 64, takesBlank: true))
        conversion.drop(.logitBias, if: sampling.logitBias != nil)
        conversion.drop(.logprobs, if: request.logprobs != nil)
        conversion.drop(.metadata, if: request.user != nil || request.metadata != nil)
        json.object("options") { json in
            json.memberIfSet("temperature", sampling.temperature)
            json.memberIfSet("top_p", sampling.topP)
            json.memberIfSet("top_k", sampling.topK)
            json.memberIfSet("seed", sampling.seed)
            json.memberIfSet("presence_penalty", sampling.presencePenalty)
            json.memberIfSet("frequency_penalty", sampling.frequencyPenalty)
            json.memberIfSet("num_predict", request.maximumTokens)
            if !stops.isEmpty { json.member("stop", stops) }
        }
    }
}
