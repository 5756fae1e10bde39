import HubCore
import NIOCore

/// One message of a provider's stream.
struct StreamMessage: Sendable, Hashable {
    /// The type, where the framing has one.
    var name: String?
    /// Whether the framing says that this is the error which ends the stream.
    var isError = false
    /// What should be JSON.
    var data: ByteBuffer
}

/// Why a stream cannot be read on; the text may be shown.
struct FramingError: Error, Sendable, Hashable {
    var message: String

    static let tooLarge = FramingError(message: "The provider sent a message that is larger than the limit")
    static let broken = FramingError(message: "The provider's stream is damaged")
}

/// Cuts the bytes of a stream into messages, wherever they are cut into pieces.
enum StreamFraming: Sendable {
    /// The largest message.
    static let maximumMessageBytes = 16 << 20

    /// `text/event-stream`.
    case events(SSEDecoder)
    /// A line of JSON each.
    case lines(LineDecoder)
    /// `application/vnd.amazon.eventstream`.
    case frames(AmazonFrameDecoder)

    /// The messages that a piece completes.
    mutating func take(_ piece: ByteBuffer) throws(FramingError) -> [StreamMessage] {
        switch self {
        case .events(var decoder):
            self = .lines(LineDecoder())  // lets go of the decoder, so that it is not copied
            defer { self = .events(decoder) }
            do throws(SSEDecoder.DecodeError) {
                return try decoder.decode(piece).map { StreamMessage(name: $0.event, data: ByteBuffer(string: $0.data)) }
            } catch {
                throw error == .eventTooLarge ? .tooLarge : .broken
            }
        case .lines(var decoder):
            self = .events(SSEDecoder())
            defer { self = .lines(decoder) }
            return try decoder.take(piece)
        case .frames(var decoder):
            self = .events(SSEDecoder())
            defer { self = .frames(decoder) }
            return try decoder.take(piece)
        }
    }

    /// The message that the end of the stream completes: a last line or event may lack its end. A frame may not.
    mutating func finish() throws(FramingError) -> [StreamMessage] {
        switch self {
        case .events: return try take(ByteBuffer(staticString: "\n\n"))
        case .lines: return try take(ByteBuffer(staticString: "\n"))
        case .frames(let decoder):
            guard decoder.isBetweenFrames else { throw .broken }
            return []
        }
    }
}

/// Cuts newline-delimited JSON into its lines. Blank lines mean nothing.
struct LineDecoder: Sendable {
    private var line = ByteBuffer()

    mutating func take(_ piece: ByteBuffer) throws(FramingError) -> [StreamMessage] {
        var messages: [StreamMessage] = []
        var rest = piece
        while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            if let part = rest.readSlice(length: end - rest.readerIndex) { try append(part) }
            rest.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.contains(where: { $0 > 0x20 }) { messages.append(StreamMessage(data: line)) }
            line = ByteBuffer()
        }
        try append(rest)
        return messages
    }

    private mutating func append(_ part: ByteBuffer) throws(FramingError) {
        guard line.readableBytes + part.readableBytes <= StreamFraming.maximumMessageBytes else { throw .tooLarge }
        line.writeImmutableBuffer(part)
    }
}
