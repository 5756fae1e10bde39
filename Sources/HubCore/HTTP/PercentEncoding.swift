/// Percent-encoding of UTF-8 text (RFC 3986 §2.1), as RFC 6570 §1.5 expands it, and its reverse.
public enum PercentEncoding {
    /// What stands for itself.
    public struct Kept: Sendable, Hashable {
        /// The characters that stay.
        private let characters: ASCIISet
        /// Whether triplets that are there already stay (RFC 6570 §3.2.3).
        private let keepsTriplets: Bool

        /// Letters, digits and `-._~` (RFC 3986 §2.3).
        public static let unreserved = Kept(characters: unreservedCharacters, keepsTriplets: false)
        /// What a query may hold (RFC 3986 §3.4), and triplets.
        public static let query = Kept(characters: unreservedCharacters.union(ASCIISet("!$&'()*+,;=:@/?")), keepsTriplets: true)
        /// What a path may hold, with its slashes, and triplets.
        public static let path = Kept(characters: unreservedCharacters.union(ASCIISet("!$&'()*+,;=:@/")), keepsTriplets: true)

        private static let unreservedCharacters = ASCIISet("-._~").union(.alphanumeric)

        fileprivate func keeps(_ source: Span<UInt8>, at index: Int) -> Bool {
            characters.contains(source[index]) || (keepsTriplets && triplet(in: source, at: index) != nil)
        }
    }

    /// Appends the UTF-8 bytes of `text`, encoded.
    public static func append(_ text: String, keeping kept: Kept = .unreserved, to bytes: inout [UInt8]) {
        let source = text.utf8Span.span
        for index in source.indices {
            let byte = source[index]
            if kept.keeps(source, at: index) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digit(byte >> 4))
                bytes.append(digit(byte & 15))
            }
        }
    }

    /// The bytes of `text`, encoded.
    public static func bytes(of text: String, keeping kept: Kept = .unreserved) -> [UInt8] {
        var bytes: [UInt8] = []
        append(text, keeping: kept, to: &bytes)
        return bytes
    }

    /// `text`, encoded.
    public static func encode(_ text: String, keeping kept: Kept = .unreserved) -> String {
        String(decoding: bytes(of: text, keeping: kept), as: UTF8.self)
    }

    /// The text that `text` encodes; nil where a `%` has not two digits behind it or the bytes are not UTF-8.
    public static func decode(_ text: String) -> String? {
        let (bytes, isWellFormed) = decodedBytes(text)
        return isWellFormed ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// The text with its triplets decoded; what is no triplet stays, and so does what would not be UTF-8.
    public static func decodeWherePossible(_ text: some StringProtocol) -> String {
        String(validating: decodedBytes(String(text)).bytes, as: UTF8.self) ?? String(text)
    }

    /// The bytes that `text` encodes, whatever they are; what is no triplet stays.
    public static func bytesWherePossible(_ text: some StringProtocol) -> [UInt8] { decodedBytes(String(text)).bytes }

    /// The bytes with every triplet decoded, and whether each `%` began one.
    private static func decodedBytes(_ text: String) -> (bytes: [UInt8], isWellFormed: Bool) {
        let source = text.utf8Span.span
        var (bytes, isWellFormed, index) = ([UInt8](), true, 0)
        while index < source.count {
            if let value = triplet(in: source, at: index) {
                bytes.append(value)
                index += 3
            } else {
                if source[index] == UInt8(ascii: "%") { isWellFormed = false }
                bytes.append(source[index])
                index += 1
            }
        }
        return (bytes, isWellFormed)
    }

    /// What `%XX` at `index` stands for; nil where there is none.
    private static func triplet(in source: Span<UInt8>, at index: Int) -> UInt8? {
        guard source[index] == UInt8(ascii: "%"), index + 2 < source.count, let high = value(source[index + 1]),
            let low = value(source[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
