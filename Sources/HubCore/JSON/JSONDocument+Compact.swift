public import NIOCore

extension JSONValue {
    /// The value's text without white space between its tokens, every token as it was written; a slice where there is none.
    public var compactBytes: ByteBuffer {
        let raw = rawBytes
        switch kind {
        case .null, .true, .false, .number, .string: return raw
        case .array, .object: break
        }
        let bytes = raw.readableBytesUInt8Span
        var result = ByteBuffer()
        var copied = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = Self.endOfString(bytes, from: index &+ 1)
            case 0x20, 0x0A, 0x0D, 0x09:
                if let slice = raw.getSlice(at: raw.readerIndex + copied, length: index - copied) { result.writeImmutableBuffer(slice) }
                while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index &+= 1 }
                copied = index
            default:
                index &+= 1
            }
        }
        guard copied > 0 else { return raw }
        if let slice = raw.getSlice(at: raw.readerIndex + copied, length: bytes.count - copied) { result.writeImmutableBuffer(slice) }
        return result
    }

    /// The place after the quote that ends a string.
    private static func endOfString(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while true {
            index = SpecialBytes.next(in: bytes, from: index)
            guard index < bytes.count else { return bytes.count }
            if bytes[index] == UInt8(ascii: "\"") { return index &+ 1 }
            index &+= bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
    }
}
