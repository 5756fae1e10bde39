/// The names that XML allows.
enum NCName {
    /// Whether `text` is a name without a colon (Namespaces in XML §3, NCName).
    static func isName(_ text: String) -> Bool {
        text.unicodeScalars.first.map(isStart) == true && text.unicodeScalars.allSatisfy(isInner)
    }

    /// Whether `text` is such a name, and of a length that a description may ask for.
    static func isValid(_ text: String) -> Bool { text.utf8.count <= 256 && isName(text) }

    /// A name as near to `text` as one can be.
    static func repaired(_ text: String) -> String {
        var name = String.UnicodeScalarView(text.unicodeScalars.prefix(64).map { isInner($0) ? $0 : "_" })
        if name.first.map({ !isStart($0) }) ?? true { name.insert("_", at: name.startIndex) }
        return String(name)
    }

    private static func isStart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x41...0x5A, 0x5F, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D,
            0x2070...0x218F, 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF:
            true
        default: false
        }
    }

    private static func isInner(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        default: isStart(scalar)
        }
    }
}

/// The characters of XML's text.
enum XMLText {
    /// Whether a document may hold a character, as itself or as a reference (XML 1.0 §2.2, Char).
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// A text without white space at its ends.
    static func trimmed(_ text: String) -> String {
        let bytes = text.utf8
        guard let start = bytes.firstIndex(where: { !isSpace($0) }), let end = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(Substring(bytes[start...end]))
    }

    /// Whether a byte is white space (XML 1.0 §2.3, S).
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// The first character of a text that XML cannot hold, as `U+0000`; nil where there is none.
    static func forbidden(in text: String) -> String? {
        text.unicodeScalars.first { !isAllowed($0) }.map { "U+" + String($0.value, radix: 16, uppercase: true) }
    }

    /// Appends a text with what has to be written otherwise replaced.
    static func append(_ text: String, inAttribute: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if let reference = reference(for: byte, inAttribute: inAttribute) {
                bytes.append(contentsOf: reference.utf8)
            } else {
                bytes.append(byte)
            }
        }
    }

    /// What stands for a byte of UTF-8 where it cannot stand for itself.
    static func reference(for byte: UInt8, inAttribute: Bool) -> String? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\"") where inAttribute: "&quot;"
        // A reader would make line feeds of returns, and spaces of all white space in attributes (XML 1.0 §2.11, §3.3.3).
        case 0x0D: "&#xD;"
        case 0x0A where inAttribute: "&#xA;"
        case 0x09 where inAttribute: "&#x9;"
        default: nil
        }
    }
}
