import NIOCore

/// The encodings of XML that are read: UTF-8, UTF-16, ISO-8859-1 and ASCII. Others, and tricks with them, do not reach the parser.
enum XMLEncoding {
    /// The text as UTF-8 without byte order mark.
    static func decode(_ bytes: ByteBuffer) throws(SourceError) -> ByteBuffer {
        var bytes = bytes
        let head = Array(bytes.readableBytesView.prefix(3))
        if head == [0xEF, 0xBB, 0xBF] {
            bytes.moveReaderIndex(forwardBy: 3)
        } else if head.starts(with: [0xFE, 0xFF]) || head.starts(with: [0xFF, 0xFE]) {
            bytes.moveReaderIndex(forwardBy: 2)
            return try utf16(bytes, bigEndian: head[0] == 0xFE)
        } else if head.starts(with: [0x00, 0x3C]) || head.starts(with: [0x3C, 0x00]) {
            return try utf16(bytes, bigEndian: head[0] == 0x00)
        }
        switch declared(in: bytes) {
        case nil, "utf-8", "utf8", "us-ascii", "ascii": return try checked(bytes)
        case "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1": return try checked(latin1(bytes))
        default:
            throw SourceError(
                message: "the declared encoding is not UTF-8, UTF-16 or ISO-8859-1", position: SourcePosition(line: 1, column: 1))
        }
    }

    /// The encoding that the declaration at the beginning names, in lower case.
    private static func declared(in bytes: ByteBuffer) -> String? {
        let head = Array(bytes.readableBytesView.prefix(512))
        guard head.starts(with: Array("<?xml".utf8)), let end = head.firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let words = head[..<end].split { $0 <= 0x20 || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }
        guard let index = words.firstIndex(where: { $0.elementsEqual("encoding".utf8) }), index + 1 < words.count else { return nil }
        return String(decoding: words[index + 1], as: UTF8.self).lowercased()
    }

    private static func latin1(_ bytes: ByteBuffer) -> ByteBuffer {
        var decoded = ByteBuffer()
        decoded.reserveCapacity(bytes.readableBytes)
        for byte in bytes.readableBytesView {
            if byte < 0x80 {
                decoded.writeInteger(byte)
            } else {
                decoded.writeInteger(0xC0 | byte >> 6)
                decoded.writeInteger(0x80 | byte & 0x3F)
            }
        }
        return decoded
    }

    private static func utf16(_ bytes: ByteBuffer, bigEndian: Bool) throws(SourceError) -> ByteBuffer {
        var bytes = bytes
        var units: [UInt16] = []
        units.reserveCapacity(bytes.readableBytes / 2)
        while let unit = bytes.readInteger(endianness: bigEndian ? .big : .little, as: UInt16.self) { units.append(unit) }
        guard bytes.readableBytes == 0, let text = String(validating: units, as: UTF16.self) else {
            throw SourceError(message: "the bytes are not UTF-16")
        }
        return try checked(ByteBuffer(string: text))
    }

    /// The bytes, if a parser that guesses or ends at a zero byte cannot be misled by them.
    private static func checked(_ bytes: ByteBuffer) throws(SourceError) -> ByteBuffer {
        let view = bytes.readableBytesView
        if let zero = view.firstIndex(of: 0) {
            throw SourceError(
                message: "a character that XML does not have", position: SourceLines(bytes).position(at: zero - view.startIndex))
        }
        switch view.first {
        case nil, UInt8(ascii: "<"), 0x20, 0x09, 0x0A, 0x0D: return bytes
        default: throw SourceError(message: "the text does not begin as XML", position: SourcePosition(line: 1, column: 1))
        }
    }
}
