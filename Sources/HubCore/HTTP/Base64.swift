public import NIOCore

/// Base 64 with padding (RFC 4648 §4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text for `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(buffer: encode(ByteBuffer(bytes: bytes)))
    }

    /// The text for the readable bytes of `bytes`.
    public static func encode(_ bytes: ByteBuffer) -> ByteBuffer {
        var result = ByteBuffer()
        result.reserveCapacity((bytes.readableBytes + 2) / 3 * 4)
        var input = bytes
        while let (a, b, c) = input.readMultipleIntegers(as: (UInt8, UInt8, UInt8).self) {
            result.writeMultipleIntegers(
                alphabet[Int(a >> 2)], alphabet[Int((a & 3) << 4 | b >> 4)], alphabet[Int((b & 15) << 2 | c >> 6)], alphabet[Int(c & 63)])
        }
        if let (a, b) = input.readMultipleIntegers(as: (UInt8, UInt8).self) {
            result.writeMultipleIntegers(
                alphabet[Int(a >> 2)], alphabet[Int((a & 3) << 4 | b >> 4)], alphabet[Int((b & 15) << 2)], UInt8(ascii: "="))
        } else if let a = input.readInteger(as: UInt8.self) {
            result.writeMultipleIntegers(alphabet[Int(a >> 2)], alphabet[Int((a & 3) << 4)], UInt8(ascii: "="), UInt8(ascii: "="))
        }
        return result
    }

    /// The bytes of a text in its one canonical spelling; nil for any other.
    public static func decode(_ text: String) -> [UInt8]? {
        let input = Array(text.utf8)
        guard input.count % 4 == 0 else { return nil }
        let padding = input.suffix(2).count { $0 == UInt8(ascii: "=") }
        var result: [UInt8] = []
        result.reserveCapacity(input.count / 4 * 3)
        var bits: UInt32 = 0
        for (index, byte) in input.dropLast(padding).enumerated() {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            switch index % 4 {
            case 1: result.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 2: result.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 3: result.append(UInt8(truncatingIfNeeded: bits))
            default: break
            }
        }
        let unused: UInt32 = padding == 1 ? 3 : padding == 2 ? 15 : 0
        guard bits & unused == 0, padding < 2 || input[input.count - 2] == UInt8(ascii: "=") else { return nil }
        return result
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
