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

    /// The text that `text` encodes; nil where a `%` has not two digits behind it or the bytes are not UTF-8.
    public static func decode(_ text: String) -> String? {
        var result: [UInt8] = []
        var bytes = text.utf8[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let digits = String(bytes.prefix(2)), digits.utf8.count == 2, digits.utf8.first != UInt8(ascii: "+"),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            result.append(value)
            bytes = bytes.dropFirst(2)
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
}
