import HubCore

/// A file as an argument gives it: Base64 as models write it, or a `data:` URI (RFC 2397) with its media type.
struct FileContent {
    /// The content.
    let bytes: [UInt8]
    /// What a `data:` URI says it is.
    let mediaType: String?

    /// The file in `text`; nil where it is neither.
    init?(_ text: String) {
        guard text.hasPrefix("data:") else {
            guard let bytes = Self.decode(text) else { return nil }
            (self.bytes, mediaType) = (bytes, nil)
            return
        }
        guard let comma = text.firstIndex(of: ",") else { return nil }
        let head = text[..<comma].dropFirst(5)
        guard head.hasSuffix(";base64"), let bytes = Self.decode(text[text.index(after: comma)...]) else { return nil }
        let type = String(head.dropLast(7))
        (self.bytes, mediaType) = (bytes, MediaType.isSendable(type) ? type : nil)
    }

    /// The bytes of a text in either alphabet (RFC 4648 §4 and §5), with or without padding, line breaks between.
    private static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 where !isSpace(byte) { digits.append(Base64.standardDigit(byte)) }
        if digits.last != UInt8(ascii: "=") { while digits.count % 4 != 0 { digits.append(UInt8(ascii: "=")) } }
        return Base64.decode(utf8: digits)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
