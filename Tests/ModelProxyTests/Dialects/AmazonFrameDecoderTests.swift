import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Frames of Amazon's event streams")
struct AmazonFrameDecoderTests {
    private let frame = AmazonFrame(
        headers: [(":message-type", "event"), (":event-type", "messageStart")], payload: ByteBuffer(string: "{}")
    ).bytes

    @Test("a frame is read, and its headers of every type passed over")
    func reads() throws {
        var decoder = AmazonFrameDecoder()
        #expect(try decoder.take(frame) == [StreamMessage(name: "messageStart", data: ByteBuffer(string: "{}"))])
        var head = ByteBuffer()
        let values: [(UInt8, [UInt8])] = [
            (0, []), (1, []), (2, [1]), (3, [1, 2]), (4, [1, 2, 3, 4]), (5, Array(repeating: 1, count: 8)), (6, [0, 2, 1, 2]),
            (8, Array(repeating: 1, count: 8)), (9, Array(repeating: 1, count: 16)), (7, [0, 5] + "event".utf8),
        ]
        for (type, value) in values {
            head.writeBytes([13] + ":message-type".utf8 + [type] + value)
        }
        #expect(try decoder.take(Self.frame(head)) == [StreamMessage(data: ByteBuffer(string: "{}"))])
        #expect(decoder.isBetweenFrames)
    }

    @Test("a frame that Amazon's own reader takes is read the same")
    func vector() throws {
        // Written by hand from the format, and read by botocore 1.44 as contentBlockDelta with these headers and this payload.
        let base64 =
            "AAAAjwAAAFLT8cjyDTptZXNzYWdlLXR5cGUHAAVldmVudAs6ZXZlbnQtdHlwZQcAEWNvbnRlbnRCbG9ja0RlbHRhA3llcwAEd2hlbggAAAAAAAAAAQNyYXcGAAIB"
            + "AnsiY29udGVudEJsb2NrSW5kZXgiOjAsImRlbHRhIjp7InRleHQiOiJIaSJ9fVvLj6Q="
        let bytes = try #require(Base64.decode(base64))
        let message = StreamMessage(
            name: "contentBlockDelta", data: ByteBuffer(string: #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#))
        var decoder = AmazonFrameDecoder()
        var messages: [StreamMessage] = []
        for byte in bytes { messages += try decoder.take(ByteBuffer(bytes: [byte])) }
        #expect(messages == [message] && decoder.isBetweenFrames)
    }

    private static func frame(_ head: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(UInt32(18 + head.readableBytes))
        frame.writeInteger(UInt32(head.readableBytes))
        frame.writeInteger(CRC32.checksum(frame.readableBytesView))
        frame.writeImmutableBuffer(head)
        frame.writeString("{}")
        frame.writeInteger(CRC32.checksum(frame.readableBytesView))
        return frame
    }

    @Test("a frame that says only which event it is is one, and one that says nothing is none")
    func untyped() throws {
        var decoder = AmazonFrameDecoder()
        let untyped = AmazonFrame(headers: [(":event-type", "messageStop")], payload: ByteBuffer(string: "{}"))
        #expect(try decoder.take(untyped.bytes) == [StreamMessage(name: "messageStop", data: ByteBuffer(string: "{}"))])
        #expect(throws: FramingError.broken) { try decoder.take(AmazonFrame(headers: [], payload: ByteBuffer(string: "{}")).bytes) }
    }

    @Test("an exception and an error end the stream under their names")
    func errors() throws {
        var decoder = AmazonFrameDecoder()
        let exception = AmazonFrame(
            headers: [(":message-type", "exception"), (":exception-type", "throttlingException")], payload: ByteBuffer(string: "{}"))
        let error = AmazonFrame(
            headers: [(":message-type", "error"), (":error-code", "InternalError"), (":error-message", "no")], payload: ByteBuffer())
        #expect(
            try decoder.take(ByteBuffer(bytes: exception.bytes.readableBytesView + error.bytes.readableBytesView)) == [
                StreamMessage(name: "throttlingException", isError: true, data: ByteBuffer(string: "{}")),
                StreamMessage(name: "InternalError", isError: true, data: ByteBuffer(string: #"{"message":"no"}"#)),
            ])
    }

    @Test("one wrong bit anywhere is found")
    func bits() throws {
        for place in 0..<frame.readableBytes {
            for bit in 0..<8 {
                var bytes = Array(frame.readableBytesView)
                bytes[place] ^= UInt8(1) << bit
                var decoder = AmazonFrameDecoder()
                #expect(throws: FramingError.broken) { try decoder.take(ByteBuffer(bytes: bytes)) }
            }
        }
    }

    @Test("lengths that cannot be are refused before anything is waited for")
    func lengths() {
        for (length, headers, error) in [
            (15, 0, FramingError.broken), (16, 1, .broken), (200_000, 131_073, .broken),
            (StreamFraming.maximumMessageBytes + 1, 0, .tooLarge),
        ] {
            var prelude = ByteBuffer()
            prelude.writeInteger(UInt32(length))
            prelude.writeInteger(UInt32(headers))
            prelude.writeInteger(CRC32.checksum(prelude.readableBytesView))
            var decoder = AmazonFrameDecoder()
            #expect(throws: error) { try decoder.take(prelude) }
        }
    }

    @Test("headers that end inside a value are refused")
    func headers() {
        for head in [[0], [1], [1, 0x61], [1, 0x61, 7], [1, 0x61, 7, 0, 9, 0], [1, 0x61, 10], [1, 0x61, 4, 0]] as [[UInt8]] {
            var decoder = AmazonFrameDecoder()
            #expect(throws: FramingError.broken) { try decoder.take(Self.frame(ByteBuffer(bytes: head))) }
        }
    }
}
