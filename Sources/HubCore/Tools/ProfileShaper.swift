/// Shapes one schema for a client: nothing that it refuses, at most so deep and so large.
struct ProfileShaper {
    let profile: ClientProfile
    let definitions: JSONObject
    let maximumDepth: Int
    /// Whether parts were left out for the number of schemas or of enum values.
    private(set) var isExhausted = false
    private var remainingNodes = 5_000
    private var remainingValues = 1_000
    var expanding: Set<String> = []

    private static let dropped: Set = ["$comment", "$schema", "$id", "$anchor", "$dynamicAnchor", "$defs", "definitions", "$dynamicRef"]
    private static let maps: Set = ["properties", "patternProperties", "dependentSchemas"]
    private static let lists: Set = ["anyOf", "oneOf", "allOf", "prefixItems"]
    private static let schemas: Set = [
        "items", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
        "additionalProperties", "contentSchema",
    ]

    init(profile: ClientProfile, definitions: JSONObject, maximumDepth: Int) {
        self.profile = profile
        self.definitions = definitions
        self.maximumDepth = maximumDepth
    }

    /// The whole: a plain object.
    mutating func root(_ tree: JSONTree) -> JSONTree {
        var root = tree.object ?? [:]
        for keyword in ["anyOf", "oneOf", "allOf", "not", "enum", "const", "$ref", "if", "then", "else"] { root[keyword] = nil }
        root["type"] = .string("object")
        if let properties = root["properties"]?.object {
            var named = JSONObject()
            for (name, value) in properties where Self.isArgumentName(name) { named[name] = value }
            root["properties"] = .object(named)
        }
        guard var shaped = schema(.object(root), depth: 0).object else { return .object(["type": .string("object")]) }
        if profile != .gemini, !definitions.isEmpty {
            var kept = JSONObject()
            for (name, value) in definitions { kept[name] = schema(value, depth: 1) }
            shaped["$defs"] = .object(kept)
        }
        return .object(shaped)
    }

    /// One schema.
    mutating func schema(_ tree: JSONTree, depth: Int) -> JSONTree {
        guard let node = tree.object else { return profile == .gemini ? anything(nil) : tree.bool == nil ? .object([:]) : tree }
        guard depth <= maximumDepth else { return anything(node) }
        guard remainingNodes > 0 else {
            isExhausted = true
            return anything(node)
        }
        remainingNodes -= 1
        return .object(profile == .gemini ? subset(node, depth: depth) : cleaned(node, depth: depth))
    }

    private mutating func cleaned(_ node: JSONObject, depth: Int) -> JSONObject {
        var result = JSONObject()
        for (key, value) in node where !Self.dropped.contains(key) {
            switch key {
            case "$ref":
                if let name = Self.definitionName(value), definitions[name] != nil { result[key] = value }
            case "enum": result[key] = values(value.array ?? []).map { .array($0) }
            case _ where Self.maps.contains(key):
                result[key] = .object(members(value.object ?? [:], depth: depth))
            case _ where Self.lists.contains(key):
                let inner = (value.array ?? []).map { schema($0, depth: depth + 1) }
                if !inner.isEmpty { result[key] = .array(inner) }
            case _ where Self.schemas.contains(key): result[key] = schema(value, depth: depth + 1)
            default: result[key] = value
            }
        }
        let isArray = node["type"]?.string == "array" || node["type"]?.array?.contains(.string("array")) == true
        if isArray, result["items"] == nil, result["prefixItems"] == nil { result["items"] = .object([:]) }
        return result
    }

    /// The members of a map of schemas.
    mutating func members(_ map: JSONObject, depth: Int) -> JSONObject {
        var result = JSONObject()
        for (name, value) in map { result[name] = schema(value, depth: depth + 1) }
        return result
    }

    /// The values of an enum, each once; nil where there are none, or more than the client takes.
    mutating func values(_ all: [JSONTree]) -> [JSONTree]? {
        var seen: Set<JSONTree> = []
        let once = all.filter { seen.insert($0).inserted }
        guard !once.isEmpty else { return nil }
        if profile == .openai || profile == .gemini {
            guard once.count <= remainingValues else { return nil }
            remainingValues -= once.count
        }
        return once
    }

    /// What stands for a schema that is not shown: its kind and its description, where they can be said.
    func anything(_ node: JSONObject?) -> JSONTree {
        var result = JSONObject()
        let known: Set = ["string", "number", "integer", "boolean", "object", "array"]
        if let kind = node?["type"]?.string, known.contains(kind) {
            result["type"] = .string(kind)
        } else if profile == .gemini {
            // A schema without a type is refused; an object is what is nearly always left out.
            result["type"] = .string(node?["$ref"] != nil || node?["properties"] != nil ? "object" : "string")
        }
        if result["type"]?.string == "array" { result["items"] = .object(profile == .gemini ? ["type": .string("string")] : [:]) }
        result["description"] = node?["description"]?.string.map { .string($0) }
        return .object(result)
    }

    /// The name of the definition that a `$ref` means.
    static func definitionName(_ reference: JSONTree) -> String? {
        guard let text = reference.string, text.hasPrefix("#/$defs/") else { return nil }
        let name = text.dropFirst("#/$defs/".count)
        return name.contains("/") || name.contains("~") ? nil : String(name)
    }

    private static func isArgumentName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
