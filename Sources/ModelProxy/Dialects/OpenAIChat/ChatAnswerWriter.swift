import HubCore
import NIOCore

/// Writes answers of OpenAI's `/chat/completions`.
///
/// Thoughts go as `reasoning_content`, as most servers of this dialect have them. Those that are signed also go as `thinking_blocks`, whole and
/// in order, for clients that give them back.
struct ChatAnswerWriter: AnswerEncoder {
    private let frame: AnswerFrame
    private var model: String
    /// Thoughts that have not been signed.
    private var thoughts = ""
    /// How many thoughts, and how many citations, have gone.
    private var (blocks, citations) = (0, 0)
    private var usage: ChatUsage?

    init(_ frame: AnswerFrame) {
        self.frame = frame
        model = frame.model
    }

    mutating func write(_ event: ChatEvent, to buffer: inout ByteBuffer) {
        switch event {
        case .start(_, let model):
            if !model.isEmpty { self.model = model }
            chunk(to: &buffer) { json in
                json.member("role", "assistant")
                json.member("content", "")
            }
        case .text(let text): chunk(to: &buffer) { $0.member("content", text) }
        case .reasoning(let text):
            thoughts += text
            chunk(to: &buffer) { $0.member("reasoning_content", text) }
        case .signature(let signature):
            chunk(to: &buffer) { Self.write([ChatReasoning(text: thoughts, signature: signature)], index: blocks, to: &$0) }
            thoughts = ""
            blocks += 1
        case .redacted(let signature):
            let block = ChatReasoning(text: "", signature: signature, isRedacted: true)
            chunk(to: &buffer) { Self.write([block], index: blocks, to: &$0) }
            blocks += 1
        case .callStart(let index, let id, let name, let signature):
            chunk(to: &buffer) { json in
                json.array("tool_calls") { json in
                    json.object { json in
                        json.member("index", index)
                        json.member("id", CallID.join(id, signature))
                        json.member("type", "function")
                        json.object("function") { json in
                            json.member("name", name)
                            json.member("arguments", "")
                        }
                    }
                }
            }
        case .callArguments(let index, let text):
            chunk(to: &buffer) { json in
                json.array("tool_calls") { json in
                    json.object { json in
                        json.member("index", index)
                        json.object("function") { $0.member("arguments", text) }
                    }
                }
            }
        case .callEnd: break
        case .refusal(let text): chunk(to: &buffer) { $0.member("refusal", text) }
        case .logprobs(let element): chunk(logprobs: element, to: &buffer) { _ in }
        case .citation(let citation):
            chunk(to: &buffer) { Self.write([citation], index: citations, to: &$0) }
            citations += 1
        case .usage(let usage): self.usage = usage
        case .end(let reason): end(reason, to: &buffer)
        case .error(let error): SSEEncoder.write(json: OpenAIError(error).json, to: &buffer)  // and no `[DONE]`, which would make it whole
        }
    }

    private func end(_ reason: StopReason, to buffer: inout ByteBuffer) {
        chunk(finish: Self.word(for: reason), to: &buffer) { _ in }
        if frame.includesUsage, let usage {
            var json = JSONWriter()
            json.object { json in
                head("chat.completion.chunk", to: &json)
                json.array("choices") { _ in }
                json.object("usage") { Self.write(usage, to: &$0) }
            }
            SSEEncoder.write(json: json.buffer, to: &buffer)
        }
        buffer.writeStaticString("data: [DONE]\n\n")
    }

    private func head(_ object: String, to json: inout JSONWriter) {
        json.member("id", frame.id)
        json.member("object", object)
        json.member("created", frame.created)
        json.member("model", model)
    }

    private func chunk(
        finish: String? = nil, logprobs: ByteBuffer? = nil, to buffer: inout ByteBuffer, _ delta: (inout JSONWriter) -> Void
    ) {
        var json = JSONWriter()
        json.object { json in
            head("chat.completion.chunk", to: &json)
            json.array("choices") { json in
                json.object { json in
                    json.member("index", 0)
                    json.object("delta", delta)
                    if let logprobs { json.object("logprobs") { $0.array("content") { $0.raw(logprobs) } } }
                    json.key("finish_reason")
                    if let finish { json.string(finish) } else { json.null() }
                }
            }
            if frame.includesUsage { json.nullMember("usage") }
        }
        SSEEncoder.write(json: json.buffer, to: &buffer)
    }

    // MARK: In one piece

    static func body(_ answer: ChatAnswer, _ frame: AnswerFrame) -> ByteBuffer {
        if let error = answer.error { return OpenAIError(error).json }
        let writer = ChatAnswerWriter(frame, model: answer.model)
        var json = JSONWriter()
        json.object { json in
            writer.head("chat.completion", to: &json)
            json.array("choices") { json in
                json.object { json in
                    json.member("index", 0)
                    json.object("message") { write(answer, to: &$0) }
                    json.key("logprobs")
                    if answer.logprobs.isEmpty {
                        json.null()
                    } else {
                        json.object { $0.array("content") { json in for element in answer.logprobs { json.raw(element) } } }
                    }
                    json.member("finish_reason", word(for: answer.stop ?? .stop))
                }
            }
            if let usage = answer.usage { json.object("usage") { write(usage, to: &$0) } }
        }
        return json.buffer
    }

    private init(_ frame: AnswerFrame, model: String) {
        self.init(frame)
        if !model.isEmpty { self.model = model }
    }

    private static func write(_ answer: ChatAnswer, to json: inout JSONWriter) {
        var (refusal, thoughts): (String?, String?)
        var signed: [ChatReasoning] = []
        var calls: [ToolCall] = []
        for part in answer.parts {
            switch part {
            case .refusal(let text): refusal = (refusal ?? "") + text
            case .reasoning(let reasoning):
                if !reasoning.text.isEmpty { thoughts = (thoughts ?? "") + reasoning.text }
                if reasoning.signature != nil { signed.append(reasoning) }
            case .toolCall(let call): calls.append(call)
            case .text, .image, .audio, .file, .toolResult, .foreign: break
            }
        }
        json.member("role", "assistant")
        json.key("content")
        if let text = answer.text { json.string(text) } else { json.null() }
        json.key("refusal")
        if let refusal { json.string(refusal) } else { json.null() }
        json.memberIfSet("reasoning_content", thoughts)
        if !signed.isEmpty { write(signed, to: &json) }
        if !calls.isEmpty {
            json.array("tool_calls") { json in
                for call in calls {
                    json.object { json in
                        json.member("id", CallID.join(call.id, call.signature))
                        json.member("type", "function")
                        json.object("function") { json in
                            json.member("name", call.name)
                            json.member("arguments", call.arguments)
                        }
                    }
                }
            }
        }
        if !answer.citations.isEmpty { write(answer.citations, to: &json) }
    }

    // MARK: Pieces of both

    /// - Parameter index: of the first in a stream, without which OpenAI's own client refuses to put lists together.
    private static func write(_ blocks: [ChatReasoning], index: Int? = nil, to json: inout JSONWriter) {
        json.array("thinking_blocks") { json in
            for block in blocks {
                json.object { json in
                    json.memberIfSet("index", index)
                    json.member("type", block.isRedacted ? "redacted_thinking" : "thinking")
                    if !block.isRedacted { json.member("thinking", block.text) }
                    json.memberIfSet(block.isRedacted ? "data" : "signature", block.signature?.text(in: .chat))
                }
            }
        }
    }

    private static func write(_ citations: [ChatCitation], index: Int? = nil, to json: inout JSONWriter) {
        json.array("annotations") { json in
            for citation in citations {
                json.object { json in
                    json.memberIfSet("index", index)
                    json.member("type", "url_citation")
                    json.object("url_citation") { json in
                        json.member("start_index", citation.start)
                        json.member("end_index", citation.end)
                        json.member("url", citation.url)
                        json.member("title", citation.title)
                    }
                }
            }
        }
    }

    private static func write(_ usage: ChatUsage, to json: inout JSONWriter) {
        json.member("prompt_tokens", usage.input)
        json.member("completion_tokens", usage.output)
        json.member("total_tokens", usage.total)
        json.object("prompt_tokens_details") { json in
            json.member("cached_tokens", usage.cachedInput)
            json.member("cache_write_tokens", usage.cacheWrite)
            json.member("audio_tokens", usage.audioInput)
        }
        json.object("completion_tokens_details") { json in
            json.member("reasoning_tokens", usage.reasoning)
            json.member("audio_tokens", usage.audioOutput)
        }
    }

    private static func word(for reason: StopReason) -> String {
        switch reason {
        case .stop, .stopSequence: "stop"
        case .length, .contextLength, .paused: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        }
    }
}
