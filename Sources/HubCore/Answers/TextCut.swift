public import NIOCore

/// Makes text fit by leaving out its end: behind a line where there is one in the last part, and never inside a character.
public enum TextCut {
    /// How many bytes of `text` stay.
    ///
    /// - Parameters:
    ///   - text: more than `limit` bytes.
    ///   - isWide: whether its characters are of two bytes each, UTF-16.
    static func length(_ text: ByteBuffer, limit: Int, isWide: Bool) -> Int {
        let bytes = text.readableBytesUInt8Span
        let end = min(max(0, limit), bytes.count)
        if isWide { return end & ~1 }
        var place = end
        while place > end / 2 {
            if bytes[place - 1] == UInt8(ascii: "\n") { return place }
            place -= 1
        }
        return characterStart(in: text, upTo: end)
    }

    /// The last place up to `end` at which a character of UTF-8 begins, or the text ends; `end` itself where there is none near.
    public static func characterStart(in text: ByteBuffer, upTo end: Int) -> Int {
        let bytes = text.readableBytesUInt8Span
        var place = end
        // A byte that continues a character is not its first (RFC 3629 §3).
        while place > 0, place < bytes.count, place > end - 4, bytes[place] & 0xC0 == 0x80 { place -= 1 }
        return place
    }
}
