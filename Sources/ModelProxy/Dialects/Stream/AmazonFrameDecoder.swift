import HubCore
import NIOCore

/// Cuts `application/vnd.amazon.eventstream` into its messages.
///
/// A frame, big endian: u32 of its whole length, u32 of the length of its headers, the CRC32 of those eight bytes, the headers, the payload,
/// and the CRC32 of everything before. A header: u8 and its name, u8 type, and a value of that type.
struct AmazonFrameDecoder: Sendable {
    /// Lengths and their checksum.
    private static let preludeBytes = 12
    /// The prelude and the last checksum.
    private static let minimumBytes = 16
    /// Headers of a frame; the format's own limit.
    private static let maximumHeaderBytes = 128 << 10

    private var held = ByteBuffer()

    /// Whether nothing has come of the next frame.
    var isBetweenFrames: Bool { held.readableBytes == 0 }

    mutating func take(_ piece: ByteBuffer) throws(FramingError) -> [StreamMessage] {
        held.writeImmutableBuffer(piece)
        var messages: [StreamMessage] = []
        while let frame = try nextFrame() { messages.append(try Self.message(of: frame)) }
        held.discardReadBytes()
        return messages
    }

    /// The next whole frame; its prelude is judged as soon as it is there, so that a length is not waited for before it is known to be right.
    private mutating func nextFrame() throws(FramingError) -> ByteBuffer? {
        var prelude = held
        guard let (length, headerLength, checksum) = prelude.readMultipleIntegers(as: (UInt32, UInt32, UInt32).self) else { return nil }
        guard CRC32.checksum(held.readableBytesView.prefix(8)) == checksum, length >= Self.minimumBytes,
            headerLength <= Self.maximumHeaderBytes, Int(headerLength) <= Int(length) - Self.minimumBytes
        else { throw .broken }
        guard length <= StreamFraming.maximumMessageBytes else { throw .tooLarge }
        return held.readSlice(length: Int(length))
    }

    private static func message(of frame: ByteBuffer) throws(FramingError) -> StreamMessage {
        var rest = frame
        guard let body = rest.readSlice(length: frame.readableBytes - 4), let checksum = rest.readInteger(as: UInt32.self),
            CRC32.checksum(body.readableBytesView) == checksum,
            let headerLength = body.getInteger(at: body.readerIndex + 4, as: UInt32.self)
        else { throw .broken }
        var payload = body
        payload.moveReaderIndex(forwardBy: preludeBytes)
        guard var headers = payload.readSlice(length: Int(headerLength)) else { throw .broken }
        var texts: [String: String] = [:]
        while headers.readableBytes > 0 {
            guard let header = Self.header(&headers) else { throw .broken }
            if let text = header.text { texts[header.name] = text }
        }
        // Amazon's own reader takes a frame of no type for an event.
        switch texts[":message-type"] ?? texts[":event-type"].map({ _ in "event" }) {
        case "event": return StreamMessage(name: texts[":event-type"], data: payload)
        case "exception": return StreamMessage(name: texts[":exception-type"], isError: true, data: payload)
        case "error":
            var json = JSONWriter()
            json.object { $0.memberIfSet("message", texts[":error-message"]) }
            return StreamMessage(name: texts[":error-code"], isError: true, data: json.buffer)
        default: throw .broken
        }
    }

    /// The next header, its value where that is a string; nil for what is none.
    private static func header(_ bytes: inout ByteBuffer) -> (name: String, text: String?)? {
        guard let nameLength = bytes.readInteger(as: UInt8.self), nameLength > 0, let name = bytes.readString(length: Int(nameLength)),
            let type = bytes.readInteger(as: UInt8.self)
        else { return nil }
        let length: Int
        switch type {
        case 0, 1: length = 0  // true and false
        case 2: length = 1
        case 3: length = 2
        case 4: length = 4
        case 5, 8: length = 8  // an integer, and a time
        case 6, 7:
            guard let counted = bytes.readInteger(as: UInt16.self) else { return nil }
            length = Int(counted)
        case 9: length = 16
        default: return nil
        }
        guard let value = bytes.readSlice(length: length) else { return nil }
        return (name, type == 7 ? String(buffer: value) : nil)
    }
}
