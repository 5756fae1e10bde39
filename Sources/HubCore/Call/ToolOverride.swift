import NIOCore

/// What the operator changes about one tool: how it reads, and what its arguments are. A nil leaves things as they are.
public struct ToolOverride: Sendable, Hashable {
    /// What the operator changes about one argument.
    public struct Argument: Sendable, Hashable {
        /// A value the caller neither sees nor chooses, as JSON.
        public var fixed: JSONTree?
        /// The value where the caller gives none, as JSON; the argument is then not required.
        public var defaultValue: JSONTree?
        /// What the argument means.
        public var description: String?

        /// Changes to an argument.
        public init(fixed: JSONTree? = nil, defaultValue: JSONTree? = nil, description: String? = nil) {
            self.fixed = fixed
            self.defaultValue = defaultValue
            self.description = description
        }
    }

    /// Another name.
    public var name: String?
    /// Another title.
    public var title: String?
    /// Another description.
    public var description: String?
    /// Whether nobody may see or call it.
    public var isHidden = false
    /// Another judgement of what a call may do.
    public var risk: Risk?
    /// Other hints, each on its own.
    public var annotations = ToolAnnotations()
    /// By argument name.
    public var arguments: [String: Argument] = [:]
    /// Requests that should find it, beside those it comes with.
    public var examples: [String] = []

    /// No change.
    public init() {}

    /// Applies the changes to a definition.
    ///
    /// - Returns: the definition as callers see it, the policy that fills in arguments if one is needed, and the names of
    ///   arguments that the tool does not have.
    public func apply(to original: ToolDefinition) -> (definition: ToolDefinition, fill: ArgumentFill?, unknownArguments: [String]) {
        var definition = original
        if let name { definition.name = name }
        if let title { definition.title = title }
        if let description { definition.description = description }
        definition.examples += examples
        if let risk {
            definition.risk = risk
            definition.annotations.readOnly = risk == .read
            definition.annotations.destructive = risk == .destructive
        }
        definition.annotations.readOnly = annotations.readOnly ?? definition.annotations.readOnly
        definition.annotations.destructive = annotations.destructive ?? definition.annotations.destructive
        definition.annotations.idempotent = annotations.idempotent ?? definition.annotations.idempotent
        definition.annotations.openWorld = annotations.openWorld ?? definition.annotations.openWorld
        guard !arguments.isEmpty else { return (definition, nil, []) }
        return applyArguments(to: definition)
    }

    private func applyArguments(to original: ToolDefinition) -> (ToolDefinition, ArgumentFill?, [String]) {
        guard let document = try? JSONDocument(parsing: original.inputSchema, limits: .description),  // ours: it parses
            case .object(var schema) = JSONTree(document.root)
        else { return (original, nil, arguments.keys.sorted()) }
        var properties = schema["properties"]?.object ?? JSONObject()
        var required = schema["required"]?.array ?? []
        var unknown: [String] = []
        var (fixed, defaults) = (JSONObject(), JSONObject())
        for (name, change) in arguments.sorted(by: { $0.key < $1.key }) {
            guard let property = properties[name] else {
                unknown.append(name)
                continue
            }
            if let value = change.fixed {
                properties[name] = nil
                required.removeAll { $0.string == name }
                fixed[name] = value
                continue
            }
            var described = property.object ?? JSONObject()
            if let text = change.description { described["description"] = .string(text) }
            if let value = change.defaultValue {
                described["default"] = value
                required.removeAll { $0.string == name }
                defaults[name] = value
            }
            properties[name] = .object(described)
        }
        schema["properties"] = .object(properties)
        schema["required"] = required.isEmpty ? nil : .array(required)
        var definition = original
        definition.inputSchema = JSONTree.object(schema).bytes
        let fill = fixed.isEmpty && defaults.isEmpty ? nil : ArgumentFill(fixed: fixed, defaults: defaults)
        return (definition, fill, unknown)
    }
}

/// Puts the operator's values into the arguments of a call.
public struct ArgumentFill: Policy {
    private let fixed: [(name: String, json: ByteBuffer)]
    private let defaults: [(name: String, json: ByteBuffer)]

    init(fixed: JSONObject, defaults: JSONObject) {
        self.fixed = fixed.map { ($0.name, $0.value.bytes) }
        self.defaults = defaults.map { ($0.name, $0.value.bytes) }
    }

    /// Passes the call on with the values; a caller who sends a fixed argument is told that there is none of that name.
    public func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        var json = JSONWriter()
        json.beginObject()
        var given: Set<String> = []
        for member in call.arguments?.members ?? JSONValue.Members.none {
            let name = member.name.string ?? ""
            guard !fixed.contains(where: { $0.name == name }) else {
                throw HubError(.invalidArguments, "Unknown argument \"\(name)\"")
            }
            given.insert(name)
            json.key(name)
            json.value(member.value)
        }
        for value in fixed { json.member(value.name, raw: value.json) }
        for value in defaults where !given.contains(value.name) { json.member(value.name, raw: value.json) }
        json.endObject()
        var call = call
        do throws(JSONParseError) {
            call.arguments = try JSONDocument(parsing: json.buffer, limits: .message).root
        } catch {
            throw HubError(.invalidArguments, "The arguments are too large", cause: error)
        }
        return try await next(call, context)
    }
}
