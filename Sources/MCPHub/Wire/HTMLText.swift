/// Reduces an HTML error page to what a model can use.
enum HTMLText {
    /// The most of a page that is looked at, in bytes.
    static let maximumBytes = 64 << 10
    /// The most that is left of it, in characters.
    private static let maximumCharacters = 600

    /// The text without tags, comments, scripts and styles, references to characters resolved, white space folded.
    static func reduce(_ html: String) -> String {
        var result = ""
        var rest = html[...]
        while let open = rest.firstIndex(of: "<") {
            result += rest[..<open] + " "
            rest = rest[open...]
            if rest.hasPrefix("<!--") {
                guard let end = rest.firstRange(of: "-->") else {
                    rest = rest[rest.endIndex...]
                    break
                }
                rest = rest[end.upperBound...]
                continue
            }
            let name = rest.dropFirst().prefix { $0.isLetter }.lowercased()
            if ["script", "style", "svg", "template"].contains(name) {
                // What is not shown: to its end tag, whose own end comes below; without one, to the end.
                rest = rest[(endTag(name, in: rest) ?? rest.endIndex)...]
            }
            guard let close = rest.firstIndex(of: ">") else {
                rest = rest[rest.endIndex...]
                break
            }
            rest = rest[rest.index(after: close)...]
        }
        result += rest
        let words = resolved(result).split { $0.isWhitespace }.joined(separator: " ")
        return String(words.prefix(maximumCharacters))
    }

    /// The place after the name of the next end tag of this name, in whatever case.
    private static func endTag(_ name: String, in text: Substring) -> Substring.Index? {
        var rest = text
        while let start = rest.firstRange(of: "</") {
            rest = rest[start.upperBound...]
            let found = rest.prefix(name.count)
            if found.lowercased() == name { return found.endIndex }
        }
        return nil
    }

    private static let names: [Substring: Character] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–", "mdash": "—", "hellip": "…", "copy": "©",
    ]

    /// The text with `&amp;`, `&#233;` and the like as the characters they stand for; others stay as they are.
    private static func resolved(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            let name = rest.dropFirst().prefix(10).prefix { $0 != ";" }
            let end = rest.index(rest.startIndex, offsetBy: name.count + 1, limitedBy: rest.endIndex) ?? rest.endIndex
            guard end < rest.endIndex, rest[end] == ";", let character = names[name] ?? numbered(name) else {
                result.append("&")
                rest = rest.dropFirst()
                continue
            }
            result.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func numbered(_ name: Substring) -> Character? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHex = digits.hasPrefix("x") || digits.hasPrefix("X")
        let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.flatMap { $0 < 0x20 ? nil : Unicode.Scalar($0) }.map { Character($0) }
    }
}
