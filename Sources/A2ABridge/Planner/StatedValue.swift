import HubCore

/// Whether a text is a value of a kind, and which.
enum StatedValue {
    /// The value that a text states for an argument; nil where it fits none.
    ///
    /// - Parameter isNamed: whether the text was said to be this argument's; free text is taken for nothing else.
    static func value(_ text: String, for argument: SkillSchema.Argument, isNamed: Bool) -> JSONTree? {
        guard !text.isEmpty, text.utf8.count <= longest else { return nil }
        if !argument.values.isEmpty { return choice(text, among: argument.values) }
        switch argument.type {
        case "integer": return number(text).flatMap { Int($0) != nil && isInRange($0, argument.schema) ? .number($0) : nil }
        case "number": return number(text).flatMap { isInRange($0, argument.schema) ? .number($0) : nil }
        case "boolean": return isNamed ? boolean(text).map { .bool($0) } : nil
        case "string": return fits(text, argument, isNamed: isNamed) ? .string(text) : nil
        default: return nil
        }
    }

    private static let longest = 4096

    /// The listed value that a text names, whatever the size of its letters.
    static func choice(_ text: String, among values: [JSONTree]) -> JSONTree? {
        let wanted = StatedText.folded(text)
        return values.first { value in
            switch value {
            case .string(let text): StatedText.folded(text) == wanted
            case .number(let number): number == text
            case .bool(let flag): boolean(text) == flag
            case .null, .array, .object: false
            }
        }
    }

    /// A yes or a no.
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "y", "on", "ok", "okay", "是", "好": true
        case "false", "no", "n", "off", "否", "不": false
        default: nil
        }
    }

    /// A number as JSON writes it; nil for what is none.
    static func number(_ text: String) -> String? {
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        // What does not parse is no number.
        guard let first = digits.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first), digits.utf8.count <= 64,
            let document = try? JSONDocument(parsing: String(digits), limits: .message), document.root.double?.isFinite == true
        else { return nil }
        return document.root.numberText
    }

    private static func isInRange(_ number: String, _ schema: JSONTree) -> Bool {
        func bound(_ name: String) -> Double? {
            if case .number(let text) = schema[name] { Double(text) } else { nil }
        }
        guard let value = Double(number) else { return false }
        return value >= bound("minimum") ?? -.infinity && value <= bound("maximum") ?? .infinity
            && bound("exclusiveMinimum").map { value > $0 } ?? true && bound("exclusiveMaximum").map { value < $0 } ?? true
    }

    private static func fits(_ text: String, _ argument: SkillSchema.Argument, isNamed: Bool) -> Bool {
        func bound(_ name: String) -> Int? {
            if case .number(let text) = argument.schema[name] { Int(text) } else { nil }
        }
        let length = text.unicodeScalars.count
        guard length >= bound("minLength") ?? 0, length <= bound("maxLength") ?? .max else { return false }
        return isFormat(argument.format, text) ?? isNamed
    }

    /// Whether a text is of a format; nil for formats that are not known, and none.
    static func isFormat(_ format: String?, _ text: String) -> Bool? {
        switch format {
        case "date": isDate(text)
        case "date-time": text.utf8.count > 10 && WireTime(text) != nil
        case "email", "idn-email": isEmail(text)
        case "uri", "url", "iri", "uri-reference": isAddress(text)
        case "uuid": isUUID(text)
        default: nil
        }
    }

    static func isDate(_ text: String) -> Bool { text.utf8.count == 10 && WireTime(text + "T00:00:00Z") != nil }

    static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.utf8.count <= 254, text.allSatisfy({ !$0.isWhitespace }) else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && labels.allSatisfy { !$0.isEmpty }
    }

    static func isAddress(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else { return false }
        return text[..<colon].allSatisfy { $0.isASCII && ($0.isLetter || $0 == "+") } && text[colon...].hasPrefix("://")
            && text[colon...].count > 3
    }

    static func isUUID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    /// Whether a text is the name of a thing rather than a word of the language: it has a digit in it, and nothing but letters, digits and the
    /// marks of names. A date is none.
    static func isIdentifier(_ text: String) -> Bool {
        text.contains { $0.isNumber } && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./#".contains($0)) }
            && text.split(separator: "-", omittingEmptySubsequences: false).map(\.count) != [4, 2, 2]
    }
}
