public import NIOCore

/// The shape of an answer in one line that a model reads: `{id: integer, name: string, tags?: [string], owner?: {login: string}}`.
///
/// A member that need not be there has a `?`; what has no known kind is `any`; what is too deep or too long is `…`.
public struct ShapeLine {
    private static let maximumDepth = 4
    private static let maximumBytes = 1_000
    private static let maximumValues = 8

    private let definitions: JSONValue?
    private var text = ""

    /// The line for a JSON Schema; nil where it says nothing.
    public static func text(_ schema: ByteBuffer) -> String? {
        guard let document = try? JSONDocument(parsing: schema, limits: .description) else { return nil }  // no schema, no line
        // By depth, so that no member starves for another's sake.
        for depth in (1...maximumDepth).reversed() {
            var line = ShapeLine(definitions: document.root["$defs"])
            line.write(document.root, depth: depth)
            if line.text.utf8.count <= maximumBytes || depth == 1 {
                let whole = line.text.utf8.count <= maximumBytes
                return line.text == "any" ? nil : whole ? line.text : String(line.text.prefix(maximumBytes)) + "…"
            }
        }
        return nil
    }

    private init(definitions: JSONValue?) { self.definitions = definitions }

    private mutating func write(_ node: JSONValue, depth: Int, round: Int = 0) {
        // What is past the bound is cut off anyway.
        guard text.utf8.count <= Self.maximumBytes, round < 24 else { return text += "…" }
        if let reference = node["$ref"]?.string {
            let target = reference.hasPrefix("#/$defs/") ? definitions?[String(reference.dropFirst(8))] : nil
            guard let target else { return text += "any" }
            return write(target, depth: depth, round: round + 1)
        }
        if let values = node["enum"], values.count > 0 { return writeValues(values) }
        if let value = node["const"] { return text += value.range.count <= 64 ? String(buffer: value.rawBytes) : "…" }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            guard let branches = node[keyword], branches.count > 0, node["properties"] == nil else { continue }
            return writeBranches(branches, separator: keyword == "allOf" ? " & " : " | ", depth: depth, round: round)
        }
        var kinds = node["type"]?.string.map { [$0] } ?? node["type"]?.elements.compactMap(\.string) ?? []
        if kinds.isEmpty { kinds = node["properties"] != nil ? ["object"] : node["items"] != nil ? ["array"] : ["any"] }
        for (position, kind) in kinds.enumerated() {
            if position > 0 { text += " | " }
            switch kind {
            case "object": writeObject(node, depth: depth, round: round)
            case "array": writeArray(node, depth: depth, round: round)
            default: text += kind
            }
        }
    }

    private mutating func writeValues(_ values: JSONValue) {
        for (position, value) in values.elements.enumerated() {
            if position > 0 { text += " | " }
            guard position < Self.maximumValues, value.range.count <= 64 else { return text += "…" }
            text += String(buffer: value.rawBytes)
        }
    }

    private mutating func writeBranches(_ branches: JSONValue, separator: String, depth: Int, round: Int) {
        for (position, branch) in branches.elements.enumerated() {
            if position > 0 { text += separator }
            guard position < Self.maximumValues else { return text += "…" }
            write(branch, depth: depth, round: round + 1)
        }
    }

    private mutating func writeArray(_ node: JSONValue, depth: Int, round: Int) {
        text += "["
        if let items = node["items"], items.kind == .object { write(items, depth: depth, round: round + 1) } else { text += "any" }
        text += "]"
    }

    private mutating func writeObject(_ node: JSONValue, depth: Int, round: Int) {
        let additional = node["additionalProperties"].flatMap { $0.kind == .object ? $0 : nil }
        guard let properties = node["properties"], properties.count > 0 else {
            guard let additional, depth > 0 else { return text += "object" }
            text += "{[name]: "
            write(additional, depth: depth - 1, round: round + 1)
            return text += "}"
        }
        guard depth > 0 else { return text += "{…}" }
        let required = Set((node["required"]?.elements ?? JSONValue.Elements.none).compactMap(\.string))
        text += "{"
        for (position, (name, value)) in properties.members.enumerated() {
            if position > 0 { text += ", " }
            guard text.utf8.count <= Self.maximumBytes else { return text += "…" }
            let name = name.string ?? ""
            text += name + (required.contains(name) ? ": " : "?: ")
            write(value, depth: depth - 1, round: round + 1)
        }
        text += "}"
    }
}
