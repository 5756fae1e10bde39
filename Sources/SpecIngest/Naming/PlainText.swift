/// Prose out of the Markdown and HTML of descriptions: one line, without markup, cut after a sentence.
///
/// Only markup that is known to be markup goes; `List<String>`, `/users/<id>` and words in unknown tags stay to be read by
/// whoever judges the text.
enum PlainText {
    /// The beginning of `text`, at most `limit` characters (Unicode scalars) of plain prose.
    static func sentences(_ text: String, limit: Int) -> String {
        if text.utf8.count <= limit, isPlain(text) { return text }
        // Markup takes room: look at more than will be left.
        var stripper = MarkupStripper(Array(text.unicodeScalars.prefix(limit * 4 + 256)))
        let plain = stripper.strip()
        return cut(plain, limit: limit)
    }

    private static func isPlain(_ text: String) -> Bool {
        var previous: UInt8 = 0x20
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"), UInt8(ascii: "&"), UInt8(ascii: "`"), UInt8(ascii: "*"), UInt8(ascii: "["), UInt8(ascii: "#"),
                UInt8(ascii: "|"), UInt8(ascii: "\\"), 0..<0x20, 0x7F:
                return false
            case 0x20 where previous == 0x20:
                return false
            default:
                previous = byte
            }
        }
        return previous != 0x20
    }

    private static func cut(_ scalars: [Unicode.Scalar], limit: Int) -> String {
        guard scalars.count > limit else { return string(scalars[...]) }
        // The last sentence that ends within the limit, if it is not merely an abbreviation at the start.
        for index in stride(from: limit - 1, through: limit / 4, by: -1) {
            switch scalars[index] {
            case ".", "!", "?":
                if scalars[index + 1] == " ", !(index >= 2 && scalars[index - 2] == ".") { return string(scalars[...index]) }
            case "。", "！", "？":
                return string(scalars[...index])
            default: continue
            }
        }
        let end = scalars[..<(limit - 1)].lastIndex(of: " ") ?? (limit - 1)
        return string(scalars[..<max(end, 1)]) + "…"
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
