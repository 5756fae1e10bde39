/// How the text of a simple type becomes a JSON value and back, all steps of its derivation taken together.
struct SimplePlan: Sendable {
    /// What the text is.
    indirect enum Kind: Sendable {
        /// Text, a number, or true or false: `anySimpleType`.
        case scalar
        /// Text, with the `format` that JSON Schema has for it.
        case string(format: String?)
        case boolean
        /// Digits alone.
        case integer
        /// Digits with a point, never an exponent.
        case decimal
        /// `float` and `double`.
        case float
        case base64
        case hexadecimal
        /// A name with a namespace: `{namespace}local` in JSON.
        case name
        /// Values with spaces between them.
        case list(SimplePlan)
        /// The first of these that fits.
        case union([SimplePlan])
    }

    /// What becomes of white space (XML Schema Part 2 §4.3.6).
    enum WhiteSpace: Sendable {
        case preserve
        case replace
        case collapse
    }

    /// What the text is.
    var kind: Kind
    var whiteSpace = WhiteSpace.collapse
    /// The only values it may have, as text; empty: all.
    var enumeration: [String] = []
    /// Regular expressions in the words of JSON Schema; each of them has to match.
    var patterns: [String] = []
    var minimum: Bound?
    var maximum: Bound?
    var minimumLength: Int?
    var maximumLength: Int?
    /// Whether every value is a number that each reader of JSON keeps exactly; if not, a string may stand for it.
    var isShort = false
    /// The name under which the schema is shared, where it is long.
    var component: String?

    /// A bound on a number.
    struct Bound: Sendable {
        /// The digits, as JSON has them.
        var digits: String
        var isExclusive = false
    }

    /// The digits that every reader of JSON keeps: a double holds all decimal numbers of so many.
    static let exactDigits = 15

    /// Any text.
    static let text = SimplePlan(kind: .string(format: nil), whiteSpace: .preserve)

    /// The value as the type wants its white space.
    func normalized(_ text: String) -> String {
        switch whiteSpace {
        case .preserve: return text
        case .replace:
            guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
            return String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isSpace($0) ? " " : $0 }))
        case .collapse: return Self.collapsed(text)
        }
    }

    /// The text without white space at its ends, and with one space in place of several.
    static func collapsed(_ text: String) -> String {
        guard text.utf8.contains(where: XMLText.isSpace) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if !XMLText.isSpace(byte) {
                bytes.append(byte)
            } else if let last = bytes.last, last != 0x20 {
                bytes.append(0x20)
            }
        }
        if bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Gives the values in a text with spaces between them, until one is not taken; whether all were.
    static func forEachWord(of text: String, _ body: (String) -> Bool) -> Bool {
        var rest = text.utf8[...]
        while true {
            rest = rest.drop(while: XMLText.isSpace)
            guard !rest.isEmpty else { return true }
            let end = rest.firstIndex(where: XMLText.isSpace) ?? rest.endIndex
            guard body(String(Substring(rest[..<end]))) else { return false }
            rest = rest[end...]
        }
    }

    /// Whether a character is white space to XML.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" }
}

extension SimplePlan {
    /// The plan of a type that XML Schema builds in.
    static func builtIn(_ name: String) -> SimplePlan {
        switch name {
        case "string": .text
        case "normalizedString": SimplePlan(kind: .string(format: nil), whiteSpace: .replace)
        case "anySimpleType": SimplePlan(kind: .scalar, whiteSpace: .preserve)
        case "boolean": SimplePlan(kind: .boolean)
        case "decimal": SimplePlan(kind: .decimal)
        case "float", "double": SimplePlan(kind: .float)
        case "byte": integer("-128", "127")
        case "short": integer("-32768", "32767")
        case "int": integer("-2147483648", "2147483647")
        case "unsignedByte": integer("0", "255")
        case "unsignedShort": integer("0", "65535")
        case "unsignedInt": integer("0", "4294967295")
        case "integer", "long": integer(nil, nil)
        case "nonNegativeInteger", "unsignedLong": integer("0", nil)
        case "positiveInteger": integer("1", nil)
        case "nonPositiveInteger": integer(nil, "0")
        case "negativeInteger": integer(nil, "-1")
        case "date": SimplePlan(kind: .string(format: "date"))
        case "time": SimplePlan(kind: .string(format: "time"))
        case "dateTime": SimplePlan(kind: .string(format: "date-time"))
        case "duration": SimplePlan(kind: .string(format: "duration"))
        case "base64Binary": SimplePlan(kind: .base64)
        case "hexBinary": SimplePlan(kind: .hexadecimal)
        case "QName", "NOTATION": SimplePlan(kind: .name)
        case "NMTOKENS", "IDREFS", "ENTITIES": SimplePlan(kind: .list(SimplePlan(kind: .string(format: nil))), minimumLength: 1)
        default: SimplePlan(kind: .string(format: nil))
        }
    }

    private static func integer(_ minimum: String?, _ maximum: String?) -> SimplePlan {
        SimplePlan(
            kind: .integer, minimum: minimum.map { Bound(digits: $0) }, maximum: maximum.map { Bound(digits: $0) },
            isShort: minimum != nil && maximum != nil)
    }
}
