import HubCore

/// The JSON type that examples of a value suggest.
indirect enum InferredType: Hashable {
    struct Member: Hashable {
        var name: String
        var type: InferredType
    }

    /// Nothing is known, or the examples contradict each other.
    case any
    case boolean, integer, number, string
    case array(InferredType)
    case object([Member])
    /// The content of a file.
    case file

    /// The type of a value. Objects are looked into three levels deep and thirty members wide.
    init(_ value: JSONTree, depth: Int = 0) {
        switch value {
        case .null: self = .any
        case .bool: self = .boolean
        case .number(let text): self = Int(text) == nil ? .number : .integer
        case .string: self = .string
        case .array(let elements):
            let types = elements.prefix(100).map { InferredType($0, depth: depth + 1) }
            self = .array(types.dropFirst().reduce(types.first ?? .any) { $0.merged(with: $1) })
        case .object(let object):
            // Names that a machine made up are keys of a map.
            guard depth < 3, object.count <= 30, !object.keys.contains(where: { SecretSigns.isOpaque($0) || Int($0) != nil }) else {
                self = .object([])
                return
            }
            self = .object(object.map { Member(name: $0.name, type: InferredType($0.value, depth: depth + 1)) })
        }
    }

    /// The type of a value that travels as text.
    init(text: String) {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isPlain = !digits.isEmpty && digits.utf8.count <= 15 && digits.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 == 0x2E }
        let hasLeadingZero = digits.count > 1 && digits.hasPrefix("0") && !digits.hasPrefix("0.")
        if text == "true" || text == "false" {
            self = .boolean
        } else if isPlain, !hasLeadingZero, Int(text) != nil {
            self = .integer
        } else if isPlain, !hasLeadingZero, digits.first != ".", digits.last != ".", Double(text) != nil {
            self = .number
        } else {
            self = .string
        }
    }

    /// The type that takes what either takes.
    func merged(with other: InferredType) -> InferredType {
        switch (self, other) {
        case _ where self == other: return self
        case (.integer, .number), (.number, .integer): return .number
        case (.array(let a), .array(let b)): return .array(a.merged(with: b))
        case (.object(let a), .object(let b)):
            let names = a + b.filter { member in !a.contains { $0.name == member.name } }
            return .object(
                names.prefix(30).map { member in
                    let types = (a + b).filter { $0.name == member.name }.map(\.type)
                    return Member(name: member.name, type: types.dropFirst().reduce(types.first ?? .any) { $0.merged(with: $1) })
                })
        default: return .any
        }
    }

    /// The members of a JSON Schema in YAML's flow style, without braces.
    var schema: String {
        switch self {
        case .any: return ""
        case .boolean: return "type: boolean"
        case .integer: return "type: integer"
        case .number: return "type: number"
        case .string: return "type: string"
        case .file: return "type: file"
        case .array(let element): return element.schema.isEmpty ? "type: array" : "type: array, items: { \(element.schema) }"
        case .object(let members):
            guard !members.isEmpty else { return "type: object" }
            let list = members.map { "\(YAMLText.key($0.name)): \($0.type.schema.isEmpty ? "{}" : "{ \($0.type.schema) }")" }
            return "type: object, properties: { \(list.joined(separator: ", ")) }"
        }
    }
}

/// Texts as they stand in YAML that any reader takes.
enum YAMLText {
    /// A string in double quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case " "..."~", "\u{A0}"..."\u{1FFF}": result.unicodeScalars.append(scalar)
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                let isShort = scalar.value <= 0xFFFF
                result += (isShort ? "\\u" : "\\U") + String(repeating: "0", count: (isShort ? 4 : 8) - code.count) + code
            }
        }
        return result + "\""
    }

    /// A name before a colon: as it is where that is safe.
    static func key(_ name: String) -> String {
        let isWord = name.utf8.first.map { ($0 | 0x20) &- 0x61 < 26 || $0 == 0x5F } ?? false
        let isPlain = isWord && name.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F || $0 == 0x2D }
        return isPlain && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(name.lowercased()) ? name : quoted(name)
    }
}
