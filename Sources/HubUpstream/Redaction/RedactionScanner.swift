import NIOCore

/// Replaces each occurrence of some patterns by `***` in bytes that come in pieces, wherever the pieces are cut.
///
/// Of each piece only the end is held back that may be the beginning of a pattern, so that nothing else waits.
struct RedactionScanner: Sendable {
    /// What is to be replaced.
    struct Pattern: Sendable, Hashable {
        /// Not empty.
        var bytes: [UInt8]
        /// Whether what follows in a URL is replaced with it.
        var isAddress: Bool
    }

    /// The longest first, so that of two that begin alike the longer one counts.
    private let patterns: [Pattern]
    /// By byte: whether a pattern begins with it.
    private let begins: [Bool]
    private var held = ByteBuffer()
    /// Whether the last occurrence was an address, and what follows it may belong to it.
    private var isInAddress = false

    init?(_ patterns: [Pattern]) {
        let patterns = patterns.filter { !$0.bytes.isEmpty }
        guard !patterns.isEmpty else { return nil }
        self.patterns = patterns.sorted { $0.bytes.count > $1.bytes.count }
        var begins = [Bool](repeating: false, count: 256)
        for first in patterns.compactMap(\.bytes.first) { begins[Int(first)] = true }
        self.begins = begins
    }

    /// What may be passed on after a piece; empty where all of it is held back.
    mutating func scan(_ piece: ByteBuffer) -> ByteBuffer { scan(piece, isLast: false) }

    /// What was held back, at the end.
    mutating func finish() -> ByteBuffer { scan(ByteBuffer(), isLast: true) }

    /// All of a complete body; the same buffer where nothing is replaced.
    mutating func scanAll(_ bytes: ByteBuffer) -> ByteBuffer { scan(bytes, isLast: true) }

    private enum Match {
        case none
        case begins
        case full(Pattern)
    }

    private mutating func scan(_ piece: ByteBuffer, isLast: Bool) -> ByteBuffer {
        var input = piece
        if held.readableBytes > 0 {
            input = held
            input.writeImmutableBuffer(piece)
            held = ByteBuffer()
        }
        let bytes = input.readableBytesUInt8Span
        var output: ByteBuffer?
        var (index, copied) = (0, 0)
        while index < bytes.count {
            if isInAddress {
                if Self.isURLByte(bytes[index]) {
                    index += 1
                    copied = index
                    output = output ?? ByteBuffer()
                    continue
                }
                isInAddress = false
            }
            guard begins[Int(bytes[index])] else {
                index += 1
                continue
            }
            switch match(bytes, at: index, isLast: isLast) {
            case .none: index += 1
            case .begins:
                held = input.getSlice(at: input.readerIndex + index, length: bytes.count - index) ?? ByteBuffer()
                return Self.append(copied..<index, of: input, to: output)
            case .full(let pattern):
                var written = Self.append(copied..<index, of: input, to: output ?? ByteBuffer())
                written.writeStaticString("***")
                output = written
                index += pattern.bytes.count
                copied = index
                isInAddress = pattern.isAddress
            }
        }
        return Self.append(copied..<index, of: input, to: output)
    }

    /// Adds a range of the input to what has been written; it alone, without copying, where nothing has been.
    private static func append(_ range: Range<Int>, of input: ByteBuffer, to output: ByteBuffer?) -> ByteBuffer {
        let rest = input.getSlice(at: input.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
        guard var output else { return rest }
        output.writeImmutableBuffer(rest)
        return output
    }

    private func match(_ bytes: Span<UInt8>, at index: Int, isLast: Bool) -> Match {
        for pattern in patterns {
            let length = min(pattern.bytes.count, bytes.count - index)
            guard length == pattern.bytes.count || !isLast, Self.isSame(bytes, at: index, pattern.bytes, length: length) else { continue }
            return length == pattern.bytes.count ? .full(pattern) : .begins
        }
        return .none
    }

    private static func isSame(_ bytes: Span<UInt8>, at index: Int, _ pattern: [UInt8], length: Int) -> Bool {
        for offset in 0..<length where bytes[index + offset] != pattern[offset] { return false }
        return true
    }

    private static func isURLByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F..., UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
            UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","):
            false
        default: true
        }
    }
}
