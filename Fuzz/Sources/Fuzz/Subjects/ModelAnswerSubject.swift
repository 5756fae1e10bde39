import HTTPTypes
import HubCore
import NIOCore

@testable import ModelProxy

/// Answers of providers: whatever they are, the caller's is well formed in the caller's dialect and has one end, and the call one record.
///
/// An input is a letter for the provider (`A` to `E`: chat, Anthropic, Gemini, Bedrock, Ollama; five more for the same with an error), a byte that
/// cuts the answer (`PieceStream`), a letter for the caller (`A` to `C`: chat, responses, messages; the next three stream; six more for an answer
/// that is called a stream), and the answer. Frames of Bedrock are made of lines of a type and a payload, with `!` before that of an exception;
/// behind a zero byte they are taken as they are.
enum ModelAnswerSubject: Subject {
    static let name = "model-answer"

    private static let errors = [400, 401, 404, 413, 429, 500, 503, 529]

    static func check(_ input: ByteBuffer) {
        var input = input
        let provider = choose(&input, of: 10)
        let cut = input.readInteger(as: UInt8.self) ?? 0
        let caller = choose(&input, of: 12)
        let kind = ModelExchange.kinds[provider % 5]
        let route = [ModelRoute.chatCompletions, .responses, .messages][caller % 3]
        let (isStreaming, isStream) = (caller / 3 % 2 == 1, caller / 6 == 1)
        let bytes = kind == .bedrock && isStream ? frames(input) : input
        let status = provider < 5 ? 200 : errors[Int(cut) % errors.count]
        let response = CallResponse(
            status: status, fields: [.contentType: isStream ? streamType(kind) : "application/json"],
            body: .stream(PieceStream(bytes, cut: cut)))
        let isNative = (route, kind) == (.chatCompletions, .openAICompatible) || (route, kind) == (.messages, .anthropic)
        runToEnd {
            let exchange = await ModelExchange(
                route, body(route, isStreaming: isStreaming), kind: kind, target: Provider(response: response))
            claim(exchange.record != nil, "a call that was handed over has a record")
            let answer = exchange.answer
            guard answer.status < 300 else {
                claim(isNative || answer.documents.first?["error"]?.kind == .object, "an error is one of the dialect")
                return
            }
            if isNative {
                // Bytes pass, also those that cannot be read: what the provider says is not the hub's to mend.
                claim(
                    exchange.record?.outcome != .interrupted || String(buffer: answer.body).contains("error"), "what broke off says so")
            } else if answer.isEvents {
                claim(isStreaming, "who wants no stream gets none")
                check(answer.events, of: route)
            } else {
                claim(answer.documents.first?.kind == .object, "an answer is an object")
            }
        }
    }

    private struct Provider: CallTarget {
        let response: CallResponse
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse { response }
    }

    private static func body(_ route: ModelRoute, isStreaming: Bool) -> ByteBuffer {
        let stream = isStreaming ? #","stream":true"# : ""
        return switch route {
        case .responses: ByteBuffer(string: #"{"model":"m","input":"hi"\#(stream)}"#)
        default: ByteBuffer(string: #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#(stream)}"#)
        }
    }

    private static func streamType(_ kind: ModelProviderKind) -> String {
        switch kind {
        case .bedrock: "application/vnd.amazon.eventstream"
        case .ollamaNative: "application/x-ndjson"
        default: "text/event-stream"
        }
    }

    // MARK: Events

    /// A stream that the hub wrote has one end, which is its last event.
    private static func check(_ events: [ServerSentEvent], of route: ModelRoute) {
        var kinds: [String] = []
        for event in events where event.data != "[DONE]" || route != .chatCompletions {
            let root = AnswerKeeper.Answer.parse(ByteBuffer(string: event.data))
            claim(root.kind == .object, "an event is an object")
            if route == .chatCompletions {
                kinds.append(root["error"] == nil ? "chunk" : "error")
            } else {
                claim(root["type"]?.string == event.event, "an event has the name of its type")
                kinds.append(root["type"]?.string ?? "")
            }
        }
        if route == .chatCompletions, events.contains(where: { $0.data == "[DONE]" }) { kinds.append("[DONE]") }
        let ends: Set = ["error", "[DONE]", "message_stop", "response.completed", "response.incomplete", "response.failed"]
        claim(kinds.filter(ends.contains).count == 1, "a stream has one end: \(kinds)")
        claim(ends.contains(kinds.last ?? ""), "and it is the last event: \(kinds)")
        if route == .chatCompletions, kinds.last == "[DONE]" { claim(events.last?.data == "[DONE]", "and nothing comes after") }
        if route == .messages { checkBlocks(kinds) }
    }

    /// Blocks of messages are one after another.
    private static func checkBlocks(_ kinds: [String]) {
        var isOpen = false
        for kind in kinds {
            switch kind {
            case "content_block_start":
                claim(!isOpen, "a block begins after the last one")
                isOpen = true
            case "content_block_delta": claim(isOpen, "what is added is added to a block")
            case "content_block_stop":
                claim(isOpen, "a block ends that has begun")
                isOpen = false
            case "message_stop": claim(!isOpen, "a message ends after its blocks")
            default: break
            }
        }
    }

    // MARK: Frames

    private static func frames(_ input: ByteBuffer) -> ByteBuffer {
        var frames = ByteBuffer()
        if input.readableBytesView.first == 0 { return ByteBuffer(input.readableBytesView.dropFirst()) }
        for line in input.readableBytesView.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
            let isException = parts[0].first == UInt8(ascii: "!")
            let type = parts[0].dropFirst(isException ? 1 : 0).prefix(255)
            var head = ByteBuffer()
            for (name, value) in [
                (":message-type", Array((isException ? "exception" : "event").utf8)),
                (isException ? ":exception-type" : ":event-type", Array(type)),
            ] {
                head.writeInteger(UInt8(name.utf8.count))
                head.writeString(name)
                head.writeInteger(UInt8(7))
                head.writeInteger(UInt16(value.count))
                head.writeBytes(value)
            }
            let payload = parts.count > 1 ? ByteBuffer(parts[1]) : ByteBuffer()
            var frame = ByteBuffer()
            frame.writeInteger(UInt32(16 + head.readableBytes + payload.readableBytes))
            frame.writeInteger(UInt32(head.readableBytes))
            frame.writeInteger(CRC32.checksum(frame.readableBytesView))
            frame.writeImmutableBuffer(head)
            frame.writeImmutableBuffer(payload)
            frame.writeInteger(CRC32.checksum(frame.readableBytesView))
            frames.writeImmutableBuffer(frame)
        }
        return frames
    }
}
