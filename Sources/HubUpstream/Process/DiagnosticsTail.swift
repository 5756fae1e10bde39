import NIOCore

/// The last that a process wrote to standard error.
struct DiagnosticsTail {
    /// How much is kept.
    static let maximumBytes = 64 << 10

    private var bytes: [UInt8] = []
    /// Where the oldest byte is, once the room is full.
    private var start = 0
    /// Whether something was dropped, so that the first line may be a part of one.
    private var isCut = false

    mutating func append(_ chunk: ByteBuffer) {
        let added = chunk.readableBytesView.suffix(Self.maximumBytes)
        isCut = isCut || bytes.count + chunk.readableBytes > Self.maximumBytes
        let growth = added.prefix(Self.maximumBytes - bytes.count)
        bytes += growth
        // What does not fit takes the place of the oldest, in two pieces where it passes the end of the room.
        let rest = added.dropFirst(growth.count)
        let first = rest.prefix(Self.maximumBytes - start)
        let second = rest.dropFirst(first.count)
        bytes.replaceSubrange(start..<start + first.count, with: first)
        bytes.replaceSubrange(0..<second.count, with: second)
        start = (start + rest.count) % Self.maximumBytes
    }

    /// The whole lines, without the characters that would do something to a terminal or a log.
    var text: String {
        var ordered = bytes[start...] + bytes[..<start]
        if isCut, let end = ordered.firstIndex(of: UInt8(ascii: "\n")) { ordered = ordered[(end + 1)...] }
        let scalars = String(decoding: ordered, as: UTF8.self).unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar == "\n" || scalar == "\t"
            case .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
