import HubCore
import NIOCore

/// The decoder of event streams, and what the encoder writes for it.
enum EventSubject: Subject {
    static let name = "events"

    static func check(_ input: ByteBuffer) {
        for limit in [32, 4 << 20] { checkCuts(input, limit: limit) }
        checkEncoder(input)
    }

    private static func decode(_ input: ByteBuffer, by size: Int, limit: Int) -> Result<[ServerSentEvent], SSEDecoder.DecodeError> {
        var decoder = SSEDecoder(maximumEventBytes: limit)
        var events: [ServerSentEvent] = []
        var rest = input
        do throws(SSEDecoder.DecodeError) {
            while let chunk = rest.readSlice(length: min(size, rest.readableBytes)), chunk.readableBytes > 0 {
                events += try decoder.decode(chunk)
            }
        } catch {
            return .failure(error)
        }
        return .success(events)
    }

    /// Every size of chunk up to 8, and some above.
    private static func checkCuts(_ input: ByteBuffer, limit: Int) {
        let whole = decode(input, by: max(1, input.readableBytes), limit: limit)
        for size in Array(1...8) + [31, 255] where size < input.readableBytes {
            switch (decode(input, by: size, limit: limit), whole) {
            case (.success(let events), .success(let expected)): claim(events == expected, "chunks of \(size) give the same events")
            case (.failure(let error), .failure(let expected)): claim(error == expected, "chunks of \(size) give the same error")
            default: fatalError("chunks of \(size) decide whether the stream is good")
            }
        }
        guard case .success(let events) = whole else { return }
        for event in events {
            claim(event.retry ?? 0 >= 0, "a time to wait is digits (HTML standard §9.2.6)")
            claim(!(event.id ?? "").utf8.contains(0), "an id has no NUL")
            for text in [event.event ?? "", event.id ?? ""] {
                claim(!text.utf8.contains(0x0A) && !text.utf8.contains(0x0D), "a field is one line")
            }
        }
    }

    /// Whatever the payload, one event comes back whose data are the payload's lines.
    private static func checkEncoder(_ input: ByteBuffer) {
        guard String(validating: input.readableBytesView, as: UTF8.self) != nil else { return }
        var stream = ByteBuffer()
        SSEEncoder.write(event: "message", json: input, to: &stream)
        guard case .success(let events) = decode(stream, by: 7, limit: 4 << 20) else { fatalError("what is written can be read") }
        let lines = input.readableBytesView.map { $0 == 0x0D ? 0x0A : $0 }
        let expected = ServerSentEvent(event: "message", data: String(decoding: lines, as: UTF8.self))
        claim(events == [expected], "a payload comes back as one event")
    }
}
