import HubCore

/// What a tool takes, read from its input schema once: the arguments of its top level.
struct SkillSchema: Sendable {
    /// One argument.
    struct Argument: Sendable, Hashable {
        /// Its name.
        var name: String
        /// What it may be, as the schema has it.
        var schema: JSONTree
        /// Whether a call needs it.
        var isRequired: Bool

        /// The kind of value, `string` where the schema says nothing of it; of several kinds the first that is not null.
        var type: String {
            if let type = schema["type"]?.string { return type }
            let types = (schema["type"]?.array ?? []).compactMap(\.string)
            return types.first { $0 != "null" } ?? (schema["properties"] == nil ? schema["items"] == nil ? "string" : "array" : "object")
        }
        /// The values it may have, where they are listed.
        var values: [JSONTree] { schema["enum"]?.array ?? schema["const"].map { [$0] } ?? [] }
        /// What kind of text it is, such as `date`.
        var format: String? { schema["format"]?.string }
        /// An element, of an argument that is an array.
        var element: Argument { Argument(name: name, schema: schema["items"] ?? .object([:]), isRequired: isRequired) }
    }

    /// In the order of the schema.
    let arguments: [Argument]

    /// The most arguments that are looked at.
    private static let most = 128

    /// What a definition says that its tool takes; nothing where its schema cannot be read.
    init(_ definition: ToolDefinition) {
        // Where it cannot be read, the tool sees to what it is given.
        let document = try? JSONDocument(parsing: definition.inputSchema, limits: .description)
        let required = Set((document?.root["required"]?.elements ?? .none).compactMap(\.string))
        arguments = (document?.root["properties"]?.members ?? .none).prefix(Self.most).map { member in
            let name = member.name.string ?? ""
            return Argument(name: name, schema: JSONTree(member.value), isRequired: required.contains(name))
        }
    }

    /// The argument of a name.
    subscript(_ name: String) -> Argument? { arguments.first { $0.name == name } }

    /// What a call with these arguments is still missing.
    func missing(in given: JSONObject) -> [Argument] {
        arguments.filter { $0.isRequired && (given[$0.name] ?? .null) == .null && !$0.takesNull }
    }

    /// The schema of an object with some of the arguments, all of which it needs.
    static func object(of arguments: [Argument]) -> JSONTree {
        var properties = JSONObject()
        for argument in arguments { properties[argument.name] = argument.schema }
        return .object([
            "type": .string("object"), "properties": .object(properties), "required": .array(arguments.map { .string($0.name) }),
        ])
    }
}

extension SkillSchema.Argument {
    /// Whether null is a value like others.
    fileprivate var takesNull: Bool { (schema["type"]?.array ?? []).contains(.string("null")) }
}
