/// Base64 as models write it: the alphabets of RFC 4648 §4 and §5, with or without padding, line breaks between.
enum Base64 {
    /// The bytes, or nil where the text is not Base64.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count / 4 &* 3)
        var word: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case 0x20, 0x0A, 0x0D, 0x09: continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            word = word << 6 | value
            digits += 1
            if digits == 4 {
                result.append(UInt8(truncatingIfNeeded: word >> 16))
                result.append(UInt8(truncatingIfNeeded: word >> 8))
                result.append(UInt8(truncatingIfNeeded: word))
                word = 0
                digits = 0
            }
        }
        guard padding <= 2, padding == 0 || digits + padding == 4 else { return nil }
        switch digits {
        case 0: break
        case 2 where word & 0xF == 0: result.append(UInt8(truncatingIfNeeded: word >> 4))
        case 3 where word & 0x3 == 0:
            result.append(UInt8(truncatingIfNeeded: word >> 10))
            result.append(UInt8(truncatingIfNeeded: word >> 2))
        default: return nil
        }
        return result
    }

    /// A file as an argument gives it: Base64, or a `data:` URI (RFC 2397) with its media type.
    static func file(_ text: String) -> (bytes: [UInt8], mediaType: String?)? {
        guard text.hasPrefix("data:") else { return decode(text).map { ($0, nil) } }
        guard let comma = text.firstIndex(of: ",") else { return nil }
        let head = text[text.index(text.startIndex, offsetBy: 5)..<comma]
        guard head.hasSuffix(";base64"), let bytes = decode(text[text.index(after: comma)...]) else { return nil }
        let type = String(head.dropLast(7))
        return (bytes, MediaType.isSendable(type) ? type : nil)
    }
}
