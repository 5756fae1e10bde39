/// A set of ASCII characters; to ask it costs two shifts.
public struct ASCIISet: Sendable, Hashable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// The ASCII characters of `text`.
    public init(_ text: String) {
        for byte in text.utf8 where byte < 0x80 { insert(byte) }
    }

    /// Letters and digits.
    public static let alphanumeric = ASCIISet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    /// Letters, digits, `_` and `-`.
    public static let word = ASCIISet("_-").union(.alphanumeric)
    /// What a token is made of (RFC 9110 §5.6.2).
    public static let token = ASCIISet("!#$%&'*+.^`|~").union(.word)

    /// Whether a byte is in the set.
    public func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<64: low >> UInt64(byte) & 1 == 1
        case 64..<128: high >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }

    /// Whether `text` is of these characters alone, and not empty.
    public func covers(_ text: some StringProtocol) -> Bool { !text.isEmpty && text.utf8.allSatisfy(contains) }

    /// The characters of both sets.
    public func union(_ other: ASCIISet) -> ASCIISet {
        var result = self
        result.low |= other.low
        result.high |= other.high
        return result
    }

    private mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
    }
}
