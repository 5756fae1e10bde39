import NIOCore

/// Where the start tags of a text are, found before it is parsed.
///
/// libxml2 compares each attribute of a tag with all others, which for a tag of a million attributes takes hours, and it tells a tag where
/// it ends. This looks only at how a tag is written: where it would be deceived, the text is malformed and the parser says so.
struct XMLTags {
    /// The offset of each start tag, in order.
    private(set) var starts: [UInt32] = []

    /// Why a text is refused, and at which byte.
    struct Refusal: Error {
        var message: String
        var offset: Int
    }

    init(_ bytes: Span<UInt8>, limits: XMLLimits) throws(Refusal) {
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "<") else {
                index += 1
                continue
            }
            let start = index
            switch index + 1 < bytes.count ? bytes[index + 1] : 0 {
            case UInt8(ascii: "/"): index += 2
            case UInt8(ascii: "?"): index = Self.end(of: "?>", in: bytes, from: index + 2)
            case UInt8(ascii: "!"):
                if Self.has("<!--", in: bytes, at: start) {
                    index = Self.end(of: "-->", in: bytes, from: start + 4)
                } else if Self.has("<![CDATA[", in: bytes, at: start) {
                    index = Self.end(of: "]]>", in: bytes, from: start + 9)
                } else {
                    throw Refusal(message: "a document type declaration is refused", offset: start)
                }
            default:
                guard starts.count < limits.maximumElements else {
                    throw Refusal(message: "there are more than \(limits.maximumElements) elements", offset: start)
                }
                starts.append(UInt32(truncatingIfNeeded: start))  // a text is shorter than 4 GB: XMLReader sees to it
                index = try Self.endOfTag(in: bytes, from: start, maximum: limits.maximumAttributes)
            }
        }
    }

    /// The index after a start tag; each quoted value in it is one attribute.
    private static func endOfTag(in bytes: Span<UInt8>, from start: Int, maximum: Int) throws(Refusal) -> Int {
        var index = start + 1
        var values = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: ">"): return index + 1
            case UInt8(ascii: "<"): return index
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                values += 1
                if values > maximum { throw Refusal(message: "an element has more than \(maximum) attributes", offset: start) }
                index += 1
                while index < bytes.count, bytes[index] != byte, bytes[index] != UInt8(ascii: "<") { index += 1 }
                if index < bytes.count, bytes[index] == byte { index += 1 }
            default: index += 1
            }
        }
        return index
    }

    private static func has(_ text: StaticString, in bytes: Span<UInt8>, at start: Int) -> Bool {
        guard text.utf8CodeUnitCount <= bytes.count - start else { return false }
        // The pointer of a constant, within its length.
        for index in 0..<text.utf8CodeUnitCount where unsafe bytes[start + index] != text.utf8Start[index] { return false }
        return true
    }

    private static func end(of text: StaticString, in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            if has(text, in: bytes, at: index) { return index + text.utf8CodeUnitCount }
            index += 1
        }
        return bytes.count
    }
}
