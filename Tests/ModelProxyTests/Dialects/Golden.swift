import FoundationEssentials
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// Pairs of files: what goes into a conversion, `name.….in`, and what must come out, `name.….out`.
enum Golden {
    /// Where they lie.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Golden/Dialects")

    /// The names of the inputs of a folder with an ending such as `.stream.in`, without it.
    static func names(_ subfolder: String, ending: String) -> [String] {
        // Tests that find nothing to test must fail: each of them asks for more than one name.
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)
        return (files ?? []).filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
    }

    static func read(_ path: String) throws -> ByteBuffer {
        ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: path)))
    }

    /// Compares a result with its file. One that has no file yet is written, and is an issue until somebody has looked at it.
    static func expect(_ result: String, _ path: String) throws {
        let file = folder.appending(path: path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            try Data(result.utf8).write(to: file)
            Issue.record("\(path) was not there and has been written: look at it")
            return
        }
        let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(result == expected, "\(path)")
    }

    /// A stream as its provider sends it. Frames of Amazon are kept as lines, `["type", payload]`, and `!` before the type makes an exception.
    static func stream(_ name: String) throws -> (provider: ProviderDialect, bytes: ByteBuffer) {
        let provider = try #require(ProviderDialect.allCases.first { name.hasPrefix($0.dialect.rawValue) })
        let bytes = try read("Answers/\(name).stream.in")
        guard provider == .converse else { return (provider, bytes) }
        var frames = ByteBuffer()
        for line in String(buffer: bytes).split(separator: "\n") {
            let root = try JSONDocument(parsing: String(line), limits: .payload).root
            let parts = Array(root.elements)
            let type = try #require(parts.first?.string)
            let isException = type.hasPrefix("!")
            frames.writeImmutableBuffer(
                AmazonFrame(
                    headers: [
                        (":message-type", isException ? "exception" : "event"),
                        (isException ? ":exception-type" : ":event-type", isException ? String(type.dropFirst()) : type),
                        (":content-type", "application/json"),
                    ], payload: parts[1].compactBytes
                ).bytes)
        }
        return (provider, frames)
    }
}

/// A frame of `application/vnd.amazon.eventstream`, written by another way than it is read.
struct AmazonFrame {
    var headers: [(name: String, value: String)]
    var payload: ByteBuffer

    var bytes: ByteBuffer {
        var head = ByteBuffer()
        for header in headers {
            head.writeInteger(UInt8(header.name.utf8.count))
            head.writeString(header.name)
            head.writeInteger(UInt8(7))
            head.writeInteger(UInt16(header.value.utf8.count))
            head.writeString(header.value)
        }
        var frame = ByteBuffer()
        frame.writeInteger(UInt32(16 + head.readableBytes + payload.readableBytes))
        frame.writeInteger(UInt32(head.readableBytes))
        frame.writeInteger(CRC32.checksum(frame.readableBytesView))
        frame.writeImmutableBuffer(head)
        frame.writeImmutableBuffer(payload)
        frame.writeInteger(CRC32.checksum(frame.readableBytesView))
        return frame
    }
}

extension AnswerStream {
    /// All events of a stream that comes in pieces of a size.
    static func events(_ provider: ProviderDialect, _ bytes: ByteBuffer, pieces: Int = .max) -> [ChatEvent] {
        var stream = AnswerStream(provider, callIDSeed: "seed")
        var events: [ChatEvent] = []
        var rest = bytes
        while rest.readableBytes > 0 {
            if let piece = rest.readSlice(length: min(pieces, rest.readableBytes)) { events += stream.take(piece) }
        }
        return events + stream.finish()
    }

    static func events(_ provider: ProviderDialect, _ text: String) -> [ChatEvent] { events(provider, ByteBuffer(string: text)) }
}

extension CallerDialect {
    static let frame = AnswerFrame(id: "ID", created: 1_700_000_000, model: "m-asked", includesUsage: true, requestID: "req_1")

    var name: String {
        switch self {
        case .chat: "openai"
        case .responses: "responses"
        case .messages: "anthropic"
        }
    }

    /// A stream of events as this dialect writes it.
    func write(_ events: [ChatEvent]) -> String {
        var encoder = answerEncoder(Self.frame)
        var bytes = ByteBuffer()
        for event in events { encoder.write(event, to: &bytes) }
        return String(buffer: bytes)
    }

    func read(_ text: String) throws -> ChatRequest { try read(JSONDocument(parsing: text, limits: .message).root) }
}
