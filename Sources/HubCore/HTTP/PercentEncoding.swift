/// Percent-encoding of UTF-8 text (RFC 3986 §2.1).
public enum PercentEncoding {
    /// Bytes that stay as they are.
    public struct Allowed: Sendable, Hashable {
        private var low: UInt64 = 0
        private var high: UInt64 = 0

        /// The ASCII characters of `text`.
        public init(_ text: String) {
            for byte in text.utf8 where byte < 0x80 { insert(byte) }
        }

        /// Whether a byte stays.
        public func contains(_ byte: UInt8) -> Bool {
            switch byte {
            case 0..<64: low >> UInt64(byte) & 1 == 1
            case 64..<128: high >> UInt64(byte - 64) & 1 == 1
            default: false
            }
        }

        private mutating func insert(_ byte: UInt8) {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
    }

    /// RFC 3986 §2.3.
    public static let unreserved = Allowed("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// `text` with every byte outside `allowed` as `%XX`.
    public static func encode(_ text: String, keeping allowed: Allowed) -> String {
        if text.utf8.allSatisfy(allowed.contains) { return text }
        var result: [UInt8] = []
        for byte in text.utf8 {
            if allowed.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
}
