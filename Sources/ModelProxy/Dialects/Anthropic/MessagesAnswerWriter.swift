import HubCore
import NIOCore

/// Writes answers of Anthropic's `/v1/messages`. One block is open at a time; probabilities of tokens have no place here.
struct MessagesAnswerWriter: AnswerEncoder {
    private enum Block { case text, thinking, call }

    private let frame: AnswerFrame
    private var open: Block?
    private var index = 0
    private var usage = ChatUsage()
    private var hasRefused = false

    init(_ frame: AnswerFrame) { self.frame = frame }

    mutating func write(_ event: ChatEvent, to buffer: inout ByteBuffer) {
        switch event {
        case .start(_, let model):
            Self.event("message_start", to: &buffer) { json in
                json.object("message") { json in
                    head(model: model, to: &json)
                    json.array("content") { _ in }
                    json.nullMember("stop_reason")
                    json.nullMember("stop_sequence")
                    json.object("usage") { Self.write(ChatUsage(), to: &$0) }
                }
            }
        case .text(let text): writeText(text, to: &buffer)
        case .refusal(let text):
            hasRefused = true
            writeText(text, to: &buffer)
        case .reasoning(let text):
            begin(.thinking, to: &buffer) { Self.write(ChatReasoning(text: ""), to: &$0) }
            delta("thinking_delta", to: &buffer) { $0.member("thinking", text) }
        case .signature(let signature):
            begin(.thinking, to: &buffer) { Self.write(ChatReasoning(text: ""), to: &$0) }
            delta("signature_delta", to: &buffer) { $0.member("signature", signature.text(in: .messages)) }
            close(to: &buffer)
        case .redacted(let signature):
            close(to: &buffer)
            begin(.thinking, to: &buffer) { Self.write(ChatReasoning(text: "", signature: signature, isRedacted: true), to: &$0) }
            close(to: &buffer)
        case .callStart(_, let id, let name, let signature):
            close(to: &buffer)
            let call = ToolCall(id: id, name: name, arguments: "", signature: signature)
            begin(.call, to: &buffer) { Self.write(call, input: ByteBuffer(staticString: "{}"), to: &$0) }
        case .callArguments(_, let text): delta("input_json_delta", to: &buffer) { $0.member("partial_json", text) }
        case .callEnd: close(to: &buffer)
        case .logprobs: break
        case .citation(let citation):
            begin(.text, to: &buffer) { Self.writeEmptyText(to: &$0) }
            delta("citations_delta", to: &buffer) { json in json.object("citation") { Self.write(citation, to: &$0) } }
        case .usage(let usage): self.usage = usage
        case .end(let reason):
            close(to: &buffer)
            Self.event("message_delta", to: &buffer) { json in
                json.object("delta") { Self.write(reason, hasRefused: hasRefused, to: &$0) }
                json.object("usage") { Self.write(usage, to: &$0) }
            }
            Self.event("message_stop", to: &buffer) { _ in }
        case .error(let error): SSEEncoder.write(event: "error", json: error.anthropicBody(requestID: frame.requestID), to: &buffer)
        }
    }

    private mutating func writeText(_ text: String, to buffer: inout ByteBuffer) {
        begin(.text, to: &buffer) { Self.writeEmptyText(to: &$0) }
        delta("text_delta", to: &buffer) { $0.member("text", text) }
    }

    private static func writeEmptyText(to json: inout JSONWriter) {
        json.member("type", "text")
        json.member("text", "")
    }

    /// Opens a block, unless one of the kind is open.
    private mutating func begin(_ block: Block, to buffer: inout ByteBuffer, _ content: (inout JSONWriter) -> Void) {
        guard open != block else { return }
        close(to: &buffer)
        open = block
        Self.event("content_block_start", to: &buffer) { json in
            json.member("index", index)
            json.object("content_block", content)
        }
    }

    private mutating func close(to buffer: inout ByteBuffer) {
        guard open != nil else { return }
        Self.event("content_block_stop", to: &buffer) { $0.member("index", index) }
        open = nil
        index += 1
    }

    private func delta(_ type: String, to buffer: inout ByteBuffer, _ members: (inout JSONWriter) -> Void) {
        Self.event("content_block_delta", to: &buffer) { json in
            json.member("index", index)
            json.object("delta") { json in
                json.member("type", type)
                members(&json)
            }
        }
    }

    /// The name stands twice, as clients of this dialect look for it in both places.
    private static func event(_ type: String, to buffer: inout ByteBuffer, _ members: (inout JSONWriter) -> Void) {
        var json = JSONWriter()
        json.object { json in
            json.member("type", type)
            members(&json)
        }
        SSEEncoder.write(event: type, json: json.buffer, to: &buffer)
    }

    // MARK: In one piece

    static func body(_ answer: ChatAnswer, _ frame: AnswerFrame) -> ByteBuffer {
        if let error = answer.error { return error.anthropicBody(requestID: frame.requestID) }
        var hasRefused = false
        var losses: Set<ConversionLoss> = []  // unreadable arguments are the model's own
        var json = JSONWriter()
        json.object { json in
            MessagesAnswerWriter(frame).head(model: answer.model, to: &json)
            json.array("content") { json in
                var citations = answer.citations  // to the first text: which of several they belong to is not known
                for part in answer.parts {
                    if case .refusal = part { hasRefused = true }
                    write(part, citations: citations, losses: &losses, to: &json)
                    if case .text = part { citations = [] }
                }
            }
            write(answer.stop ?? .stop, hasRefused: hasRefused, to: &json)
            json.object("usage") { write(answer.usage ?? ChatUsage(), to: &$0) }
        }
        return json.buffer
    }

    private static func write(
        _ part: ChatPart, citations: [ChatCitation], losses: inout Set<ConversionLoss>, to json: inout JSONWriter
    ) {
        switch part {
        case .text(let text), .refusal(let text):
            json.object { json in
                json.member("type", "text")
                json.member("text", text)
                guard !citations.isEmpty else { return }
                json.array("citations") { json in for citation in citations { json.object { write(citation, to: &$0) } } }
            }
        case .reasoning(let reasoning): json.object { write(reasoning, to: &$0) }
        case .toolCall(let call):
            let input = call.argumentsObject(&losses)
            json.object { write(call, input: input, to: &$0) }
        case .image, .audio, .file, .toolResult, .foreign: break  // no event gives them
        }
    }

    // MARK: Pieces of both

    private func head(model: String, to json: inout JSONWriter) {
        json.member("id", frame.id)
        json.member("type", "message")
        json.member("role", "assistant")
        json.member("model", model.isEmpty ? frame.model : model)
    }

    private static func write(_ reasoning: ChatReasoning, to json: inout JSONWriter) {
        json.member("type", reasoning.isRedacted ? "redacted_thinking" : "thinking")
        if !reasoning.isRedacted { json.member("thinking", reasoning.text) }
        json.member(reasoning.isRedacted ? "data" : "signature", reasoning.signature?.text(in: .messages) ?? "")
    }

    private static func write(_ call: ToolCall, input: ByteBuffer, to json: inout JSONWriter) {
        json.member("type", "tool_use")
        json.member("id", CallID.join(call.id, call.signature))
        json.member("name", call.name)
        json.member("input", raw: input)
    }

    private static func write(_ citation: ChatCitation, to json: inout JSONWriter) {
        json.member("type", "web_search_result_location")
        json.member("url", citation.url)
        json.member("title", citation.title)
        json.member("cited_text", "")
        json.member("encrypted_index", "")
    }

    private static func write(_ usage: ChatUsage, to json: inout JSONWriter) {
        json.member("input_tokens", max(0, usage.input - usage.cachedInput - usage.cacheWrite))
        json.member("cache_creation_input_tokens", usage.cacheWrite)
        json.member("cache_read_input_tokens", usage.cachedInput)
        json.member("output_tokens", usage.output)
        if usage.reasoning > 0 { json.object("output_tokens_details") { $0.member("thinking_tokens", usage.reasoning) } }
    }

    private static func write(_ reason: StopReason, hasRefused: Bool, to json: inout JSONWriter) {
        let word =
            switch reason {
            case .stop: hasRefused ? "refusal" : "end_turn"
            case .stopSequence: "stop_sequence"
            case .length: "max_tokens"
            case .contextLength: "model_context_window_exceeded"
            case .toolCalls: "tool_use"
            case .contentFilter: "refusal"
            case .paused: "pause_turn"
            }
        json.member("stop_reason", word)
        json.key("stop_sequence")
        if case .stopSequence(let text?) = reason { json.string(text) } else { json.null() }
    }
}
