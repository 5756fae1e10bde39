public import NIOCore

/// Makes an input schema smaller in steps, what matters least first. Whatever the schema took, the smaller one takes.
///
/// A part's depth is how far it is from the arguments: an argument is 1, its members and elements are 2.
/// 1. to 3. Members that may be left out go where they are deeper than 4, 3, 2.
/// 4. to 6. What is deeper than 3, 2, 1 becomes anything of its kind; descriptions of what is no argument go.
/// 7. and 8. The arguments' descriptions are cut to a few words, and go.
public struct SchemaPruner {
    /// The last step.
    public static let steps = 8

    private struct Rule {
        /// How deep a member may be that need not be given.
        var optional: Int
        /// How deep anything may be.
        var all: Int
        /// How deep descriptions stand.
        var described: Int
        /// The longest of them, in Unicode scalars.
        var words = SchemaPruner.unlimited
    }

    private static let unlimited = 1_000
    /// How deep shared schemas are looked for.
    private static let deepest = 8
    private static let lists: Set = ["anyOf", "oneOf", "allOf"]
    /// What only forbids is left out: a caller reads a schema for what it may send.
    private static let dropped: Set = [
        "not", "if", "then", "else", "contains", "minContains", "maxContains", "propertyNames", "dependentRequired", "dependentSchemas",
        "unevaluatedProperties", "unevaluatedItems", "patternProperties", "$comment", "title", "deprecated",
    ]

    private let root: JSONObject
    private let definitions: JSONObject
    private var rule = Rule(optional: 0, all: 0, described: 0)
    private var depths: [String: Int] = [:]

    /// A pruner of one schema; nil where that is no JSON object.
    public init?(_ schema: ByteBuffer) {
        guard let document = try? JSONDocument(parsing: schema, limits: .description), let root = JSONTree(document.root).object
        else { return nil }
        self.root = root
        definitions = root["$defs"]?.object ?? [:]
    }

    /// The schema after a step, from 1 to `steps`.
    public mutating func schema(afterStep step: Int) -> ByteBuffer {
        rule =
            switch step {
            case ...3: Rule(optional: 5 - max(1, step), all: Self.unlimited, described: Self.unlimited)
            case 4...6: Rule(optional: min(2, 7 - step), all: 7 - step, described: 1)
            case 7: Rule(optional: 1, all: 1, described: 1, words: 60)
            default: Rule(optional: 1, all: 1, described: 0)
            }
        depths = [:]
        var bare = root
        bare["$defs"] = nil
        measure(bare)
        var result = pruned(bare, depth: 0)
        var kept = JSONObject()
        for (name, definition) in definitions {
            guard let depth = depths[name], let node = definition.object else { continue }
            kept[name] = .object(pruned(node, depth: depth))
        }
        let used = closure(of: result, in: kept)
        var shared = JSONObject()
        for (name, definition) in kept where used.contains(name) { shared[name] = definition }
        if !shared.isEmpty { result["$defs"] = .object(shared) }
        return JSONTree.object(result).bytes
    }

    // MARK: What is shared

    /// Notes for each definition the smallest depth at which it is used.
    private mutating func measure(_ whole: JSONObject) {
        var queue: [(node: JSONTree, depth: Int)] = [(.object(whole), 0)]
        while let (node, depth) = queue.popLast() {
            guard depth <= min(rule.all, Self.deepest), let object = node.object else { continue }
            if let name = object["$ref"].flatMap({ ProfileShaper.definitionName($0) }), let definition = definitions[name],
                depth < depths[name] ?? .max
            {
                depths[name] = depth
                queue.append((definition, depth))
            }
            for (key, value) in object {
                switch key {
                case "properties": for (_, inner) in value.object ?? [:] { queue.append((inner, depth + 1)) }
                case "items", "additionalProperties": queue.append((value, depth + 1))
                case "prefixItems": for inner in value.array ?? [] { queue.append((inner, depth + 1)) }
                case _ where Self.lists.contains(key): for inner in value.array ?? [] { queue.append((inner, depth)) }
                default: break
                }
            }
        }
    }

    /// The definitions that are reached from a schema.
    private func closure(of schema: JSONObject, in definitions: JSONObject) -> Set<String> {
        var used: Set<String> = []
        var queue: [JSONTree] = [.object(schema)]
        while let node = queue.popLast() {
            switch node {
            case .object(let object):
                if let name = object["$ref"].flatMap({ ProfileShaper.definitionName($0) }), let next = definitions[name],
                    used.insert(name).inserted
                {
                    queue.append(next)
                }
                for (_, value) in object { queue.append(value) }
            case .array(let elements): queue += elements
            case .null, .bool, .number, .string: break
            }
        }
        return used
    }

    // MARK: One schema

    private func pruned(_ tree: JSONTree, depth: Int) -> JSONTree {
        guard let node = tree.object else { return tree }
        return depth > rule.all ? .object(kind(of: node)) : .object(pruned(node, depth: depth))
    }

    private func pruned(_ node: JSONObject, depth: Int) -> JSONObject {
        var result = JSONObject()
        var isOpened = false
        let required = Set((node["required"]?.array ?? []).compactMap(\.string))
        for (key, value) in node where !Self.dropped.contains(key) {
            switch key {
            case "properties":
                let all = value.object ?? [:]
                var kept = JSONObject()
                for (name, inner) in all where depth < rule.optional || required.contains(name) {
                    kept[name] = pruned(inner, depth: depth + 1)
                }
                isOpened = kept.count < all.count
                if !kept.isEmpty { result[key] = .object(kept) }
            case "items": result[key] = pruned(value, depth: depth + 1)
            case "additionalProperties":
                if value.object == nil {
                    result[key] = value
                } else if depth < rule.optional {
                    result[key] = pruned(value, depth: depth + 1)
                }
            case "prefixItems": result[key] = .array((value.array ?? []).map { pruned($0, depth: depth + 1) })
            case "description": if depth <= rule.described { result[key] = value.string.map { .string($0.cut(toScalars: rule.words)) } }
            case "$ref": if let name = ProfileShaper.definitionName(value), depths[name] != nil { result[key] = value }
            case _ where Self.lists.contains(key): result[key] = .array((value.array ?? []).map { pruned($0, depth: depth) })
            default: result[key] = value
            }
        }
        // What is no longer named may still be given.
        if isOpened, result["additionalProperties"] == .bool(false) { result["additionalProperties"] = nil }
        return result
    }

    /// Nothing but the kind of value.
    private func kind(of node: JSONObject) -> JSONObject {
        var target = node
        var round = 0
        while let name = target["$ref"].flatMap({ ProfileShaper.definitionName($0) }), let next = definitions[name]?.object, round < 8 {
            (target, round) = (next, round + 1)
        }
        var result = JSONObject()
        result["type"] = target["type"]
        if target["type"]?.string == "array" || target["type"]?.array?.contains(.string("array")) == true { result["items"] = .object([:]) }
        return result
    }
}
