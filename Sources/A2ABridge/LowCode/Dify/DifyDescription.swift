import HubCore

/// What an application of Dify says of itself.
struct DifyDescription: Sendable {
    /// Its name for people; nil: not said.
    var name: String?
    /// What it is for; nil: not said.
    var about: String?
    /// Words it is found by.
    var tags: [String]
    /// Questions that it suggests.
    var examples: [String]
    /// What it takes.
    var form: DifyForm
    /// Whether it takes files.
    var takesFiles: Bool

    private static let (mostTexts, longestName, longestText) = (16, 200, 2_000)

    /// Reads the answers of `/parameters`, `/info` and `/meta`.
    init(parameters: JSONValue, info: JSONValue?, meta: JSONValue?) {
        func text(_ value: JSONValue?, _ longest: Int) -> String? {
            guard let text = value?.string, text.contains(where: { !$0.isWhitespace }) else { return nil }
            return text.cut(to: longest)
        }
        name = text(info?["name"], Self.longestName)
        about = text(info?["description"], Self.longestText) ?? text(parameters["opening_statement"], Self.longestText)
        let tags = (info?["tags"]?.elements ?? .none).prefix(Self.mostTexts).compactMap { text($0, Self.longestName) }
        let tools = (meta?["tool_icons"]?.members ?? .none).prefix(Self.mostTexts).compactMap { text($0.name, Self.longestName) }
        self.tags = tags + tools.filter { !tags.contains($0) }
        examples = (parameters["suggested_questions"]?.elements ?? .none).prefix(Self.mostTexts).compactMap { text($0, Self.longestText) }
        form = DifyForm(parameters["user_input_form"])
        let upload = parameters["file_upload"]
        takesFiles =
            upload?["enabled"]?.bool == true || upload?["image"]?["enabled"]?.bool == true
            || form.inputs.contains { $0.kind == .file || $0.kind == .files }
    }

    /// The skill that a card has of it.
    ///
    /// - Parameters:
    ///   - id: of the skill.
    ///   - profile: says what the application does not say.
    func skill(_ id: String, _ profile: AgentProfile) -> AgentSkill {
        AgentSkill(
            id: id, name: name ?? profile.name, description: about ?? profile.description, tags: tags, examples: examples,
            inputModes: takesFiles ? ["text/plain", "application/json", "application/octet-stream", "image/png", "image/jpeg"] : [])
    }
}

/// What an application of Dify takes: the variables of its form, in order.
struct DifyForm: Sendable, Hashable {
    /// One variable.
    struct Input: Sendable, Hashable {
        /// What is taken for it.
        enum Kind: Sendable, Hashable {
            /// Text, of which the first takes the words of a message.
            case text
            /// Anything else but a file.
            case value
            /// A file.
            case file
            /// Several files.
            case files
        }

        /// What is taken.
        var kind: Kind
        /// Its name and schema.
        var argument: SkillSchema.Argument
        /// What stands for it where nothing is given.
        var preset: JSONTree?
    }

    /// In order.
    var inputs: [Input]

    /// The most variables that are looked at, and the longest texts of them, in scalars.
    private static let (most, longestText, mostOptions) = (128, 500, 256)

    /// Reads `user_input_form`: an array of objects whose one member says what a variable is.
    init(_ form: JSONValue?) {
        inputs = (form?.elements ?? .none).prefix(Self.most).compactMap { element in
            guard let member = element.members.first(where: { $0.value.kind == .object }), let type = member.name.string else { return nil }
            return Self.input(type, member.value)
        }
    }

    private static func input(_ type: String, _ field: JSONValue) -> Input? {
        guard let name = field["variable"]?.string, !name.isEmpty, name.utf8.count <= 256 else { return nil }
        var (kind, schema) = (Input.Kind.value, JSONObject())
        switch type {
        case "number": schema["type"] = .string("number")
        case "checkbox": schema["type"] = .string("boolean")
        case "json", "json_object": schema["type"] = .string("object")
        case "select":
            schema["type"] = .string("string")
            let options = (field["options"]?.elements ?? .none).prefix(mostOptions).compactMap(\.string)
            schema["enum"] = .array(options.map { .string($0) })
        case "file": (kind, schema) = (.file, file)
        case "file-list": (kind, schema) = (.files, ["type": .string("array"), "items": .object(file)])
        default:
            (kind, schema["type"]) = (.text, .string("string"))
            if let most = field["max_length"]?.int, most > 0 { schema["maxLength"] = .integer(most) }
        }
        let label = (field["label"]?.string ?? "").cut(to: longestText)
        let isFile = kind == .file || kind == .files
        let description = isFile ? "\(label.isEmpty ? name : label) (attach it to the message, or give its address)" : label
        if !description.isEmpty { schema["description"] = .string(description) }
        var preset = field["default"].map { JSONTree($0) }
        if preset == .null || preset?.string?.isEmpty == true || isFile { preset = nil }
        if let preset { schema["default"] = preset }
        let isRequired = field["required"]?.bool == true && field["hide"]?.bool != true
        return Input(kind: kind, argument: .init(name: name, schema: .object(schema), isRequired: isRequired), preset: preset)
    }

    private static let file: JSONObject = ["type": .string("string"), "format": .string("uri")]

    /// The variable of a name.
    subscript(_ name: String) -> Input? { inputs.first { $0.argument.name == name } }

    /// What words say for a variable that was asked for; nil where they say nothing that it takes. Text is taken whole, however long.
    func value(_ words: String, for argument: SkillSchema.Argument) -> JSONTree? {
        if self[argument.name]?.kind == .text { return .string(words) }
        return StatedValue.value(String(Substring(words).trimmingSpaces), for: argument, isNamed: true)
    }

    /// What is still missing.
    func missing(in given: JSONObject) -> [SkillSchema.Argument] {
        inputs.map(\.argument).filter { $0.isRequired && (given[$0.name] ?? .null) == .null }
    }

    /// The files for each variable that takes files and has none, in order, and those that are left.
    func places(for files: [MessagePart], beside given: JSONObject) -> (
        variables: [(input: Input, files: [MessagePart])], rest: [MessagePart]
    ) {
        var (rest, variables) = (files[...], [(input: Input, files: [MessagePart])]())
        for input in inputs where given[input.argument.name] == nil && !rest.isEmpty {
            switch input.kind {
            case .text, .value: break
            case .file: variables.append((input, [rest.removeFirst()]))
            case .files:
                variables.append((input, Array(rest)))
                rest = []
            }
        }
        return (variables, Array(rest))
    }

    /// The schema of all of it, for the card.
    func schema(and others: [SkillSchema.Argument] = []) -> JSONTree {
        let arguments = others + inputs.map(\.argument)
        var properties = JSONObject()
        for argument in arguments { properties[argument.name] = argument.schema }
        let required = arguments.filter { argument in argument.isRequired && self[argument.name]?.preset == nil }.map(\.name)
        return .object([
            "type": .string("object"), "properties": .object(properties), "required": .array(required.map { .string($0) }),
        ])
    }
}
