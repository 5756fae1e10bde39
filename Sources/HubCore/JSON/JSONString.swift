import NIOCore

/// The two ways between a string and its JSON spelling (RFC 8259 §7).
enum JSONString {
    /// The bytes that a checked string stands for; `from` and `to` are inside the quotes.
    static func unescape(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        var index = start
        while index < end {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < end else {
                result.append(byte)
                index += 1
                continue
            }
            index += 2
            switch bytes[index - 1] {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                var value = hexValue(bytes, at: index) ?? 0xFFFD
                index += 4
                if (0xD800...0xDBFF).contains(value), let low = hexValue(bytes, at: index + 2) {
                    value = 0x10000 + ((value - 0xD800) << 10) + ((low &- 0xDC00) & 0x3FF)
                    index += 6
                }
                let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            case let other: result.append(other)
            }
        }
        return result
    }

    /// The value of four hexadecimal digits, or nil if they are not that or not there.
    static func hexValue(_ bytes: Span<UInt8>, at offset: Int) -> UInt32? {
        guard offset >= 0, offset + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for index in offset..<(offset + 4) {
            let digit: UInt8
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Writes `bytes`, which must be UTF-8, with quotes and with the escapes that RFC 8259 requires and no others.
    static func write(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: bytes.count + 2)
        buffer.writeInteger(UInt8(ascii: "\""))
        var plainStart = 0
        var index = 0
        while true {
            index = SpecialBytes.next(in: bytes, from: index)
            guard index < bytes.count else { break }
            let byte = bytes[index]
            unsafe buffer.writeBytes(bytes.extracting(plainStart..<index).bytes)  // bytes have no padding
            plainStart = index + 1
            switch byte {
            case 0x08: buffer.writeStaticString("\\b")
            case 0x09: buffer.writeStaticString("\\t")
            case 0x0A: buffer.writeStaticString("\\n")
            case 0x0C: buffer.writeStaticString("\\f")
            case 0x0D: buffer.writeStaticString("\\r")
            case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
            default:
                buffer.writeStaticString("\\u00")
                buffer.writeInteger(hexDigit(byte >> 4))
                buffer.writeInteger(hexDigit(byte & 15))
            }
            index += 1
        }
        unsafe buffer.writeBytes(bytes.extracting(plainStart..<bytes.count).bytes)  // bytes have no padding
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

/// Finds the bytes of a string that JSON gives a meaning: quotes, backslashes and control characters.
enum SpecialBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The place of the first special byte at or after `start`, or the count; eight bytes at a time while there are eight.
    static func next(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let raw = unsafe bytes.bytes  // bytes have no padding
        while index &+ 8 <= bytes.count {
            let word = unsafe UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special = mask(word) & highs
            guard special == 0 else { return index &+ special.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
            index &+= 1
        }
        return index
    }

    /// A word whose lowest high bit marks the first special byte.
    static func mask(_ word: UInt64) -> UInt64 {
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let control = (word &- (ones &* 0x20)) & ~word
        return control | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
    }
}
