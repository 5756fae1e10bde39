import NIOCore

/// Lets the bytes of a `text/event-stream` pass at the ends of events, so that a stream which is cut can be ended in words of our own.
///
/// A parser joins whatever follows half an event to that half, and nothing takes it back: it would read neither the rest nor the
/// error. So half an event waits here for its other half, which no reader can tell, as an event means nothing before its blank
/// line. The bytes themselves, and their order, are those of the upstream.
struct WholeEvents {
    /// How much of one event may wait; a longer one passes in pieces.
    static let maximumHeldBytes = 64 << 10

    /// The event that has begun, as far as it has not been let through.
    private(set) var held = ByteBuffer()
    /// Whether the beginning of that event has been let through.
    private(set) var isInsideEvent = false
    /// The last bytes that came, for a blank line whose line ends arrive in different pieces.
    private var tail: (UInt8, UInt8) = (lineFeed, lineFeed)

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Takes a piece of the stream; gives what may pass, or nil where all of it has to wait.
    mutating func take(_ piece: ByteBuffer) -> ByteBuffer? {
        let end = lastEnd(of: piece)
        guard end < piece.readableBytes else {
            isInsideEvent = false
            return flush(piece)
        }
        var rest = piece
        var passed: ByteBuffer?
        if end > 0, let whole = rest.readSlice(length: end) {
            isInsideEvent = false
            passed = flush(whole)
        }
        if isInsideEvent || held.readableBytes + rest.readableBytes > Self.maximumHeldBytes {
            isInsideEvent = true
            var all = passed ?? ByteBuffer()
            all.writeImmutableBuffer(flush(rest))
            return all
        }
        held.writeImmutableBuffer(rest)
        return passed
    }

    /// What waits, for a stream that ended without its last blank line.
    mutating func rest() -> ByteBuffer? { held.readableBytes > 0 ? flush(ByteBuffer()) : nil }

    /// What waited, and `bytes`.
    private mutating func flush(_ bytes: ByteBuffer) -> ByteBuffer {
        guard held.readableBytes > 0 else { return bytes }
        var all = held
        held = ByteBuffer()
        all.writeImmutableBuffer(bytes)
        return all
    }

    /// How many bytes of a piece go up to the end of the last event in it; 0 where none ends.
    private mutating func lastEnd(of piece: ByteBuffer) -> Int {
        let bytes = piece.readableBytesUInt8Span
        let before = tail
        // Indices below zero are the bytes that came before.
        func byte(_ index: Int) -> UInt8 { index >= 0 ? bytes[index] : index == -1 ? before.1 : before.0 }
        if bytes.count > 0 { tail = (byte(bytes.count - 2), byte(bytes.count - 1)) }
        var index = bytes.count - 1
        while index >= 0 {
            let current = byte(index)
            if current == Self.lineFeed || current == Self.carriageReturn {
                // A line end right behind a line end is a blank line; CR LF is one line end.
                let isPair = current == Self.lineFeed && byte(index - 1) == Self.carriageReturn
                let previous = byte(isPair ? index - 2 : index - 1)
                if previous == Self.lineFeed || previous == Self.carriageReturn { return index + 1 }
            }
            index -= 1
        }
        return 0
    }
}
