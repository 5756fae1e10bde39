public import NIOCore

/// Base64 (RFC 4648 §4), and its URL-safe alphabet without padding (§5) for what the hub seals itself.
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

    /// The text for `bytes` in the URL-safe alphabet, without padding.
    public static func encodeURLSafe(_ bytes: [UInt8]) -> String {
        encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The bytes of a URL-safe text without padding; nil for any other text.
    public static func decodeURLSafe(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.utf8.count % 4) % 4)
        return decode(utf8: text.utf8.map(standardDigit) + padding)
    }

    /// The digit of the standard alphabet that means the same as a digit of either alphabet.
    public static func standardDigit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: byte
        }
    }

    /// The bytes of a text in its one canonical spelling; nil for any other.
    public static func decode(_ text: String) -> [UInt8]? { decode(utf8: Array(text.utf8)) }

    /// The bytes of a text, given as UTF-8, in its one canonical spelling; nil for any other.
    public static func decode(utf8 input: [UInt8]) -> [UInt8]? {
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
