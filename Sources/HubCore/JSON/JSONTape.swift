/// One value or member name of a parsed text: where its bytes are, and which entry follows its subtree.
struct JSONTapeEntry: Sendable {
    /// First byte of the content: inside the quotes for strings, at the bracket for containers.
    var start: UInt32
    /// One past the last byte of the content.
    var end: UInt32
    /// Index of the entry after this one's subtree.
    var next: UInt32
    /// Kind in the low three bits, the escape flag in bit 3, the number of elements or members above.
    private var header: UInt32

    static let maximumCount = UInt32.max >> 4

    init(kind: JSONKind, start: Int, end: Int, next: Int, hasEscapes: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        self.header = UInt32(kind.rawValue) | (hasEscapes ? 8 : 0)
    }

    var kind: JSONKind { JSONKind(rawValue: UInt8(truncatingIfNeeded: header & 7)) ?? .null }
    var hasEscapes: Bool { header & 8 != 0 }
    var count: Int { Int(header >> 4) }
    var length: Int { Int(end &- start) }

    mutating func close(end: Int, next: Int, count: Int) {
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        self.header = (header & 15) | (UInt32(clamping: count) & Self.maximumCount) << 4
    }
}

/// What a JSON value is.
public enum JSONKind: UInt8, Sendable, Hashable {
    /// `null`.
    case null
    /// `true`.
    case `true`
    /// `false`.
    case `false`
    /// A number, kept as it was written.
    case number
    /// A string.
    case string
    /// An array.
    case array
    /// An object.
    case object
}
