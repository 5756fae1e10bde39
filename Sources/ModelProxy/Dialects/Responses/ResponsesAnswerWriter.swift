import HubCore
import NIOCore

/// Writes answers of OpenAI's `/responses`: every event is numbered, every item begins, grows and is said again whole, and the last event holds
/// all of the answer.
struct ResponsesAnswerWriter: AnswerEncoder {
    private let frame: AnswerFrame
    private var model: String
    private var number = 0
    private var done: [ResponsesItem] = []
    private var open: ResponsesItem?
    private var usage: ChatUsage?

    init(_ frame: AnswerFrame) {
        self.frame = frame
        model = frame.model
    }

    mutating func write(_ event: ChatEvent, to buffer: inout ByteBuffer) {
        switch event {
        case .start(_, let model):
            if !model.isEmpty { self.model = model }
            response("response.created", status: "in_progress", to: &buffer)
            response("response.in_progress", status: "in_progress", to: &buffer)
        case .text(let text):
            begin(.text, to: &buffer)
            grow(text, "response.output_text.delta", to: &buffer)
        case .refusal(let text):
            begin(.refusal, to: &buffer)
            grow(text, "response.refusal.delta", to: &buffer)
        case .reasoning(let text):
            begin(.reasoning, to: &buffer)
            grow(text, "response.reasoning_summary_text.delta", to: &buffer)
        case .signature(let signature):
            begin(.reasoning, to: &buffer)
            open?.sign(signature, isRedacted: false)
            close(to: &buffer)
        case .redacted(let signature):
            close(to: &buffer)
            begin(.reasoning, to: &buffer)
            open?.sign(signature, isRedacted: true)
            close(to: &buffer)
        case .callStart(_, let id, let name, let signature):
            close(to: &buffer)
            begin(.call(id: CallID.join(id, signature), name: name), to: &buffer)
        case .callArguments(_, let text): grow(text, "response.function_call_arguments.delta", to: &buffer)
        case .callEnd: close(to: &buffer)
        case .logprobs(let element): if open?.kind == .text { open?.logprobs.append(element) }
        case .citation(let citation): annotate(citation, to: &buffer)
        case .usage(let usage): self.usage = usage
        case .end(let reason):
            close(to: &buffer)
            let (status, why) = Self.status(for: reason)
            response("response.\(status)", status: status, incomplete: why, to: &buffer)
        case .error(let error):
            close(to: &buffer, status: "incomplete")
            response("response.failed", status: "failed", error: error, to: &buffer)
        }
    }

    // MARK: Items

    private mutating func begin(_ kind: ResponsesItem.Kind, to buffer: inout ByteBuffer) {
        guard open?.kind != kind else { return }
        close(to: &buffer)
        let item = ResponsesItem(kind, answerID: frame.id, place: done.count)
        open = item
        event("response.output_item.added", to: &buffer) { json in json.object("item") { item.write(isOver: false, to: &$0) } }
        switch kind {
        case .text, .refusal:
            event("response.content_part.added", item, to: &buffer) { json in
                json.object("part") { item.writePart(isEmpty: true, to: &$0) }
            }
        case .reasoning, .call: break
        }
    }

    private mutating func grow(_ text: String, _ type: String, to buffer: inout ByteBuffer) {
        guard let item = open?.bare else { return }
        if item.kind == .reasoning, open?.text.isEmpty == true {
            event("response.reasoning_summary_part.added", item, to: &buffer) { json in
                json.object("part") { item.writePart(isEmpty: true, to: &$0) }
            }
        }
        open?.text += text
        event(type, item, to: &buffer) { json in
            json.member("delta", text)
            if item.kind == .text { json.array("logprobs") { _ in } }
        }
    }

    private mutating func annotate(_ citation: ChatCitation, to buffer: inout ByteBuffer) {
        begin(.text, to: &buffer)
        guard let item = open?.bare, let place = open?.annotations.count else { return }
        open?.annotations.append(citation)
        event("response.output_text.annotation.added", item, to: &buffer) { json in
            json.member("annotation_index", place)
            json.object("annotation") { ResponsesItem.write(citation, to: &$0) }
        }
    }

    private mutating func close(to buffer: inout ByteBuffer, status: String = "completed") {
        guard var item = open else { return }
        open = nil
        item.status = status
        switch item.kind {
        case .text:
            event("response.output_text.done", item, to: &buffer) { json in
                json.member("text", item.text)
                json.array("logprobs") { json in for element in item.logprobs { json.raw(element) } }
            }
        case .refusal: event("response.refusal.done", item, to: &buffer) { $0.member("refusal", item.text) }
        case .reasoning where item.text.isEmpty: break
        case .reasoning: event("response.reasoning_summary_text.done", item, to: &buffer) { $0.member("text", item.text) }
        case .call(_, let name):
            event("response.function_call_arguments.done", item, to: &buffer) { json in
                json.member("name", name)
                json.member("arguments", item.text)
            }
        }
        switch item.kind {
        case .text, .refusal:
            event("response.content_part.done", item, to: &buffer) { json in
                json.object("part") { item.writePart(isEmpty: false, to: &$0) }
            }
        case .reasoning where !item.text.isEmpty:
            event("response.reasoning_summary_part.done", item, to: &buffer) { json in
                json.object("part") { item.writePart(isEmpty: false, to: &$0) }
            }
        case .reasoning, .call: break
        }
        event("response.output_item.done", to: &buffer) { json in json.object("item") { item.write(isOver: true, to: &$0) } }
        done.append(item)
    }

    // MARK: Events

    private mutating func event(
        _ type: String, _ item: ResponsesItem? = nil, to buffer: inout ByteBuffer, _ members: (inout JSONWriter) -> Void
    ) {
        var json = JSONWriter()
        json.object { json in
            json.member("type", type)
            json.member("sequence_number", number)
            json.member("output_index", done.count)
            if let item {
                json.member("item_id", item.id)
                switch item.kind {
                case .text, .refusal: json.member("content_index", 0)
                case .reasoning: json.member("summary_index", 0)
                case .call: break
                }
            }
            members(&json)
        }
        number += 1
        SSEEncoder.write(event: type, json: json.buffer, to: &buffer)
    }

    private mutating func response(
        _ type: String, status: String, incomplete: String? = nil, error: ProviderError? = nil, to buffer: inout ByteBuffer
    ) {
        var json = JSONWriter()
        json.object { json in
            json.member("type", type)
            json.member("sequence_number", number)
            json.object("response") { writeResponse(status: status, incomplete: incomplete, error: error, to: &$0) }
        }
        number += 1
        SSEEncoder.write(event: type, json: json.buffer, to: &buffer)
    }

    // MARK: The answer

    private func writeResponse(status: String, incomplete: String?, error: ProviderError?, to json: inout JSONWriter) {
        json.member("id", frame.id)
        json.member("object", "response")
        json.member("created_at", frame.created)
        json.member("status", status)
        if let error { json.object("error") { Self.write(error, to: &$0) } } else { json.nullMember("error") }
        if let incomplete {
            json.object("incomplete_details") { $0.member("reason", incomplete) }
        } else {
            json.nullMember("incomplete_details")
        }
        json.member("model", model)
        json.array("output") { json in
            for item in done { json.object { item.write(isOver: true, to: &$0) } }
        }
        let names = Set(frame.echo.map(\.name))
        for member in frame.echo { json.member(member.name, raw: member.value) }
        // What clients rely on, as it is where a request says nothing.
        if !names.contains("parallel_tool_calls") { json.member("parallel_tool_calls", true) }
        if !names.contains("tool_choice") { json.member("tool_choice", "auto") }
        if !names.contains("tools") { json.array("tools") { _ in } }
        guard let usage else { return json.nullMember("usage") }
        json.object("usage") { json in
            json.member("input_tokens", usage.input)
            json.object("input_tokens_details") { json in
                json.member("cached_tokens", usage.cachedInput)
                json.member("cache_write_tokens", usage.cacheWrite)
            }
            json.member("output_tokens", usage.output)
            json.object("output_tokens_details") { $0.member("reasoning_tokens", usage.reasoning) }
            json.member("total_tokens", usage.total)
        }
    }

    private static func write(_ error: ProviderError, to json: inout JSONWriter) {
        switch error.kind {
        case .rateLimit, .quota: json.member("code", "rate_limit_exceeded")
        case .contextLength, .contentFilter, .notFound, .badRequest, .tooLarge: json.member("code", "invalid_prompt")
        case .overload, .authentication, .server, .timeout, .network: json.member("code", "server_error")
        }
        json.member("message", error.message)
    }

    private static func status(for reason: StopReason) -> (status: String, why: String?) {
        switch reason {
        case .stop, .stopSequence, .toolCalls: ("completed", nil)
        case .length, .contextLength, .paused: ("incomplete", "max_output_tokens")
        case .contentFilter: ("incomplete", "content_filter")
        }
    }

    static func body(_ answer: ChatAnswer, _ frame: AnswerFrame) -> ByteBuffer {
        if let error = answer.error { return OpenAIError(error).json }
        var writer = ResponsesAnswerWriter(frame)
        if !answer.model.isEmpty { writer.model = answer.model }
        writer.usage = answer.usage
        var (citations, logprobs) = (answer.citations, answer.logprobs)
        for part in answer.parts {
            guard var item = ResponsesItem(part, answerID: frame.id, place: writer.done.count) else { continue }
            if item.kind == .text {
                (item.annotations, item.logprobs) = (citations, logprobs)
                (citations, logprobs) = ([], [])
            }
            writer.done.append(item)
        }
        let (status, why) = status(for: answer.stop ?? .stop)
        var json = JSONWriter()
        json.object { writer.writeResponse(status: status, incomplete: why, error: nil, to: &$0) }
        return json.buffer
    }
}
