import HubCore

/// The kinds of JSON value a schema takes; all of them where it does not say.
struct ValueKinds: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = ValueKinds(rawValue: 1)
    static let boolean = ValueKinds(rawValue: 2)
    static let integer = ValueKinds(rawValue: 4)
    static let number = ValueKinds(rawValue: 8)
    static let string = ValueKinds(rawValue: 16)
    static let array = ValueKinds(rawValue: 32)
    static let object = ValueKinds(rawValue: 64)
    static let any: ValueKinds = [.null, .boolean, .integer, .number, .string, .array, .object]

    private static let named: [(name: String, kind: ValueKinds, phrase: String)] = [
        ("string", .string, "a string"), ("integer", .integer, "an integer"), ("number", .number, "a number"),
        ("boolean", .boolean, "true or false"), ("array", .array, "an array"), ("object", .object, "an object"), ("null", .null, "null"),
    ]

    /// The names JSON Schema has for them, `null` last.
    var names: [String] {
        Self.named.filter { contains($0.kind) && !($0.kind == .integer && contains(.number)) }.map(\.name)
    }

    /// What a value must be, in words: "a string or an integer".
    var phrase: String {
        if self == .any || isEmpty { return "any JSON value" }
        return Self.named.filter { contains($0.kind) && !($0.kind == .integer && contains(.number)) && $0.kind != .null }.map(\.phrase)
            .joined(separator: " or ")
    }

    /// The kind that a `type` of a description evidently means, with whether the word was the right one; nil for an unknown word.
    ///
    /// Words of programming languages stand in many real descriptions (`int`, `bool`, `float`, `date`).
    static func reading(_ word: String) -> (kinds: ValueKinds, isExact: Bool)? {
        if let exact = named.first(where: { $0.name == word }) { return (exact.kind, true) }
        switch word.lowercased() {
        case "string", "str", "text", "char", "date", "datetime", "date-time", "time", "uuid", "uri", "url", "email", "byte", "binary",
            "enum",
            "file", "password":
            return (.string, false)
        case "integer", "int", "int32", "int64", "long", "short", "bigint": return (.integer, false)
        case "number", "float", "double", "decimal", "numeric": return (.number, false)
        case "boolean", "bool": return (.boolean, false)
        case "array", "list": return (.array, false)
        case "object", "dict", "map", "hash", "json": return (.object, false)
        case "null", "none", "nil": return (.null, false)
        case "any", "mixed": return (.any, false)
        default: return nil
        }
    }

    /// The kind of a value; an integer is any number without a fraction and an exponent, as it is written.
    init(of value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .true, .false: self = .boolean
        case .number: self = Self.isInteger(value.numberText ?? "") ? .integer : .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether a value of these kinds, one, is taken: an integer is a number too.
    func takes(_ kind: ValueKinds) -> Bool {
        contains(kind) || (kind == .integer && contains(.number))
    }

    /// Whether a number, as written, is an integer; `5.0` is (JSON Schema 2020-12 §6.1.1).
    static func isInteger(_ text: String) -> Bool {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) else { return true }
        guard let value = Double(text), value.isFinite else { return false }
        return value == value.rounded()
    }
}
