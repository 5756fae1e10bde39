import NIOCore

/// The subset of OpenAPI 3.0 that Gemini takes: references in place, one type, `nullable`, enums of strings.
extension ProfileShaper {
    private static let copied: Set = [
        "title", "description", "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "pattern",
        "minimum", "maximum", "nullable",
    ]
    private static let formats: Set = ["date-time", "int32", "int64", "float", "double"]

    /// A schema in the subset.
    mutating func subset(_ node: JSONObject, depth: Int) -> JSONObject {
        if let reference = node["$ref"] { return expanded(reference, at: node, depth: depth) }
        var result = JSONObject()
        for (key, value) in node where Self.copied.contains(key) { result[key] = value }
        if let format = node["format"]?.string, Self.formats.contains(format) { result["format"] = .string(format) }
        setType(node, in: &result)
        if let properties = node["properties"]?.object { result["properties"] = .object(members(properties, depth: depth)) }
        result["required"] = node["required"]
        setValues(node, in: &result)
        for part in node["allOf"]?.array ?? [] { merge(schema(part, depth: depth + 1).object ?? [:], into: &result) }
        setChoices(node, in: &result, depth: depth)
        complete(node, in: &result, depth: depth)
        return result
    }

    private mutating func expanded(_ reference: JSONTree, at node: JSONObject, depth: Int) -> JSONObject {
        var siblings = node
        siblings["$ref"] = nil
        guard let name = Self.definitionName(reference), let target = definitions[name]?.object, expanding.insert(name).inserted else {
            siblings["type"] = siblings["type"] ?? .string("object")
            return anything(siblings).object ?? [:]
        }
        defer { expanding.remove(name) }
        var merged = target
        for (key, value) in siblings { merged[key] = value }
        // A chain of references costs depth too.
        return schema(.object(merged), depth: merged["$ref"] == nil ? depth : depth + 1).object ?? [:]
    }

    private func setType(_ node: JSONObject, in result: inout JSONObject) {
        let types = node["type"]?.array?.compactMap(\.string) ?? node["type"]?.string.map { [$0] } ?? []
        if types.contains("null") { result["nullable"] = .bool(true) }
        // Of several types the one that says most is named.
        let order = ["object", "array", "string", "number", "integer", "boolean"]
        result["type"] = order.first { types.contains($0) }.map { .string($0) }
    }

    private mutating func setValues(_ node: JSONObject, in result: inout JSONObject) {
        var all = node["enum"]?.array ?? node["const"].map { [$0] } ?? []
        if all.contains(.null) { result["nullable"] = .bool(true) }
        all.removeAll { $0 == .null }
        guard let once = values(all) else { return }
        if once.allSatisfy({ $0.string != nil }) {
            result["type"] = .string("string")
            result["enum"] = .array(once)
        } else {
            let list = once.prefix(20).map { String(buffer: $0.bytes) }.joined(separator: ", ")
            let said = result["description"]?.string.map { $0 + " " } ?? ""
            result["description"] = .string(said + "One of: \(list)\(once.count > 20 ? ", …" : "").")
            if result["type"] == nil, once.allSatisfy({ $0.isNumber }) { result["type"] = .string("number") }
            if result["type"] == nil, once.allSatisfy({ $0.bool != nil }) { result["type"] = .string("boolean") }
        }
    }

    private mutating func setChoices(_ node: JSONObject, in result: inout JSONObject, depth: Int) {
        guard let all = node["anyOf"]?.array ?? node["oneOf"]?.array else { return }
        let branches = all.filter { $0["type"]?.string != "null" }
        if branches.count < all.count { result["nullable"] = .bool(true) }
        // Beside a choice nothing else may be said; the members that every branch shares say more.
        guard result["properties"] == nil, result["enum"] == nil, !branches.isEmpty else { return }
        if branches.count == 1 {
            merge(schema(branches[0], depth: depth + 1).object ?? [:], into: &result)
        } else {
            var choice = JSONObject()
            for key in ["title", "description", "nullable"] { choice[key] = result[key] }
            choice["anyOf"] = .array(branches.map { schema($0, depth: depth + 1) })
            result = choice
        }
    }

    private func merge(_ part: JSONObject, into result: inout JSONObject) {
        for (key, value) in part {
            switch (key, result[key]) {
            case ("properties", .object(var known)):
                for (name, inner) in value.object ?? [:] where known[name] == nil { known[name] = inner }
                result[key] = .object(known)
            case ("required", .array(let known)):
                var seen = Set(known)
                result[key] = .array(known + (value.array ?? []).filter { seen.insert($0).inserted })
            case (_, nil): result[key] = value
            default: break
            }
        }
    }

    /// What must not be missing, and what must not be named without being there.
    private mutating func complete(_ node: JSONObject, in result: inout JSONObject, depth: Int) {
        let names = result["properties"]?.object
        let required = (result["required"]?.array ?? []).filter { name in name.string.map { names?[$0] != nil } ?? false }
        result["required"] = required.isEmpty ? nil : .array(required)
        guard result["anyOf"] == nil else { return }
        if result["type"] == nil {
            let isObject = names != nil
            result["type"] = .string(isObject ? "object" : node["items"] != nil ? "array" : "string")
        }
        guard result["type"]?.string == "array", result["items"] == nil else { return }
        let items = node["items"].flatMap { $0.object.map { .object($0) } } ?? node["prefixItems"]?.array?.first ?? JSONTree.null
        result["items"] = schema(items, depth: depth + 1)
    }
}

extension JSONTree {
    /// Whether this is a number.
    fileprivate var isNumber: Bool { if case .number = self { true } else { false } }
}
