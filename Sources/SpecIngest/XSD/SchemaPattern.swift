/// Turns a regular expression of XML Schema (Part 2 appendix F) into one of ECMA-262 with its `u` flag, as JSON Schema has them.
///
/// 1. It is anchored, because in XML Schema it has to match the whole; `^` and `$` are letters there.
/// 2. `\i`, `\c` and `\w` become classes with what XML means by them; categories (`\p{Lu}`) stay.
/// 3. The subtraction of a class becomes a look-ahead, except where only the colon is taken out of `\i` or `\c`.
/// 4. Blocks (`\p{IsGreek}`) and what is no expression at all cannot be translated.
struct SchemaPattern {
    private var rest: Substring.UnicodeScalarView
    private var output = ""
    private var depth = 0
    /// Whether something stands before that a quantifier can follow.
    private var takesQuantifier = false

    private static let maximumBytes = 1_000
    private static let start =
        "_:A-Za-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D"
        + "\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD"
    private static let inner = start + "\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040"

    /// The pattern for JSON Schema, several alternatives of one step joined; nil where one cannot be translated.
    static func translate(_ alternatives: [String]) -> String? {
        var parts: [String] = []
        for text in alternatives {
            guard text.utf8.count <= maximumBytes else { return nil }
            var pattern = SchemaPattern(rest: Substring(text).unicodeScalars)
            guard pattern.run() else { return nil }
            parts.append(pattern.output)
        }
        guard !parts.isEmpty else { return nil }
        let joined = parts.count == 1 && !parts[0].utf8.contains(UInt8(ascii: "|")) ? parts[0] : "(?:" + parts.joined(separator: "|") + ")"
        let result = "^" + joined + "$"
        return result.utf8.count <= maximumBytes ? result : nil
    }

    private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    private mutating func run() -> Bool {
        while let scalar = rest.popFirst() {
            switch scalar {
            case "(":
                output += "(?:"
                depth += 1
                takesQuantifier = false
            case ")":
                guard depth > 0 else { return false }
                output += ")"
                depth -= 1
                takesQuantifier = true
            case "|":
                output += "|"
                takesQuantifier = false
            case "?", "*", "+":
                guard takesQuantifier else { return false }
                output.unicodeScalars.append(scalar)
                takesQuantifier = false
            case "{":
                guard takesQuantifier, let quantifier = takeQuantifier() else { return false }
                output += quantifier
                takesQuantifier = false
            case "[":
                guard let group = takeGroup(depth: 0) else { return false }
                output += group
                takesQuantifier = true
            case "\\":
                guard let escape = takeEscape() else { return false }
                output += escape.isSet ? "[\(escape.text)]" : escape.text
                takesQuantifier = true
            case "]", "}": return false
            case "^", "$", "/":
                output += "\\"
                output.unicodeScalars.append(scalar)
                takesQuantifier = true
            default:
                output.unicodeScalars.append(scalar)
                takesQuantifier = true
            }
        }
        return depth == 0
    }

    private mutating func takeQuantifier() -> String? {
        guard let end = rest.firstIndex(of: "}") else { return nil }
        let text = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        guard text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: ",") }) else { return nil }
        let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
        guard bounds.count <= 2, let minimum = bounds.first.flatMap({ Int($0) }), minimum >= 0 else { return nil }
        if bounds.count == 2, !bounds[1].isEmpty, Int(bounds[1]).map({ $0 >= minimum }) != true { return nil }
        return "{\(text)}"
    }

    /// What follows a backslash. `isSet`: it has to stand in a class, as several characters do that ECMA-262 has no letter for.
    private mutating func takeEscape(inClass: Bool = false) -> (text: String, isSet: Bool, isSingle: Bool)? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "n", "r", "t": return ("\\\(scalar)", false, true)
        case "d", "D", "s", "S": return ("\\\(scalar)", false, false)
        case "i": return (Self.start, true, false)
        case "c": return (Self.inner, true, false)
        case "I", "C": return inClass ? nil : ("^" + (scalar == "I" ? Self.start : Self.inner), true, false)
        case "w": return ("\\p{L}\\p{M}\\p{N}\\p{S}", true, false)
        case "W": return ("\\p{P}\\p{Z}\\p{C}", true, false)
        case "p", "P":
            guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}") else { return nil }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard (1...2).contains(name.utf8.count), name.utf8.allSatisfy({ ($0 | 0x20) &- UInt8(ascii: "a") < 26 }) else { return nil }
            return ("\\\(scalar){\(name)}", false, false)
        case "-": return (inClass ? "\\-" : "-", false, true)
        case "\\", "|", ".", "?", "*", "+", "(", ")", "{", "}", "[", "]", "^", "$", "/": return ("\\\(scalar)", false, true)
        default: return nil
        }
    }

    /// A class, past its opening bracket.
    private mutating func takeGroup(depth: Int) -> String? {
        guard depth < 8 else { return nil }
        var isNegated = false
        if rest.first == "^" {
            isNegated = true
            rest.removeFirst()
        }
        var items: [String] = []
        var last: Unicode.Scalar?
        while let scalar = rest.popFirst() {
            switch scalar {
            case "]": return items.isEmpty ? nil : "[\(isNegated ? "^" : "")\(items.joined())]"
            case "-" where rest.first == "[":
                rest.removeFirst()
                guard let subtracted = takeGroup(depth: depth + 1), rest.popFirst() == "]", !items.isEmpty else { return nil }
                let plain = items.joined()
                if !isNegated, subtracted == "[:]", plain == Self.start || plain == Self.inner {
                    return "[_\(plain.dropFirst(2))]"
                }
                return "(?:(?!\(subtracted))[\(isNegated ? "^" : "")\(plain)])"
            case "-":
                // A range only between two single characters; at an end, or beside several, a hyphen is one.
                guard let lower = last, let upper = rest.first, upper != "]", upper != "[" else {
                    items.append("\\-")
                    last = nil
                    continue
                }
                rest.removeFirst()
                var (text, end) = (Self.literal(upper), upper)
                if upper == "\\" {
                    guard let letter = rest.first, let escape = takeEscape(inClass: true), escape.isSingle else { return nil }
                    (text, end) = (escape.text, Self.meaning(letter))
                }
                guard end.value >= lower.value else { return nil }
                items.append("-" + text)
                last = nil
            case "[": return nil
            case "\\":
                let following = rest.first
                guard let escape = takeEscape(inClass: true) else { return nil }
                items.append(escape.text)
                last = escape.isSingle ? following.map(Self.meaning) : nil
            default:
                items.append(Self.literal(scalar))
                last = scalar
            }
        }
        return nil
    }

    /// The character that a letter behind a backslash stands for.
    private static func meaning(_ letter: Unicode.Scalar) -> Unicode.Scalar {
        switch letter {
        case "n": "\n"
        case "r": "\r"
        case "t": "\t"
        default: letter
        }
    }

    // Letters that mean something in a class of ECMA-262.
    private static func literal(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "^", "]", "[", "\\", "-", "/": "\\\(scalar)"
        default: String(scalar)
        }
    }
}
