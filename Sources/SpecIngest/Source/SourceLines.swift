import NIOCore

/// Turns byte offsets of a text into lines and columns.
struct SourceLines: Sendable {
    /// Columns count characters up to this many bytes into a line and bytes beyond: minified text has one line of megabytes.
    private static let longestCountedLine = 4096

    private let bytes: ByteBuffer
    private let starts: [UInt32]

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
        var starts: [UInt32] = [0]
        let span = bytes.readableBytesUInt8Span
        for index in span.indices where span[index] == UInt8(ascii: "\n") { starts.append(UInt32(truncatingIfNeeded: index + 1)) }
        self.starts = starts
    }

    /// The place of the byte at `offset`.
    func position(at offset: Int) -> SourcePosition {
        let line = starts.index(ofLastUpTo: offset)
        let start = Int(starts[line])
        let span = bytes.readableBytesUInt8Span
        let end = min(offset, span.count)
        let counted = min(end, start + Self.longestCountedLine)
        var column = 1 + end - counted
        for index in start..<max(start, counted) where span[index] & 0xC0 != 0x80 { column += 1 }
        return SourcePosition(line: line + 1, column: column)
    }

    /// A place that libyaml gave, which counts a line after a last line that does not end.
    func within(_ position: SourcePosition) -> SourcePosition {
        position.line <= starts.count ? position : self.position(at: bytes.readableBytes)
    }

    /// The byte at a place where all that stands before it in its line is ASCII; nil past the end.
    func byte(at position: SourcePosition) -> UInt8? {
        guard starts.indices.contains(position.line - 1) else { return nil }
        let span = bytes.readableBytesUInt8Span
        let offset = Int(starts[position.line - 1]) + position.column - 1
        return span.indices.contains(offset) ? span[offset] : nil
    }
}
