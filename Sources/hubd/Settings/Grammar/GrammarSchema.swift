import HubCore
import NIOCore

/// The grammar of `hub.yaml` as JSON Schema 2020-12, so that editors complete and explain it: `specs/hub.schema.json`.
enum GrammarSchema {
    /// The file, with a line break at its end.
    static func text(for root: ObjectShape = HubGrammar.root) -> String {
        var schema: JSONObject = [
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
            "title": .string("hub.yaml"),
            "description": .string("The configuration of hubd. Written by hubd from its grammar; do not edit."),
        ]
        for (name, value) in self.schema(of: .object(root)).object ?? [:] { schema[name] = value }
        schema["$defs"] = .object(definitions)
        var text = ""
        write(.object(schema), indent: 0, to: &text)
        return text + "\n"
    }

    /// What several places refer to.
    private static var definitions: JSONObject {
        var definitions: JSONObject = [:]
        for kind in TextKind.allCases {
            guard let pattern = kind.pattern else { continue }
            definitions[kind.rawValue] = text(pattern: pattern, description: kind.noun)
        }
        definitions["entryName"] = text(pattern: EntryName.pattern, description: EntryName.rule)
        definitions["secret"] = secret(.credential)
        definitions["masterKey"] = secret(.masterKey)
        definitions["storeAccess"] = secret(.storeAccess)
        return definitions
    }

    private static func secret(_ place: SecretPlace) -> JSONTree {
        let schemes = place.schemes.map(\.rawValue).joined(separator: "|")
        let forms = ConfigFinding.listed(place.schemes.map(\.form))
        return text(pattern: "^(\(schemes)):.+$", description: "A reference: \(forms).")
    }

    private static func text(pattern: String, description: String) -> JSONTree {
        .object(["type": .string("string"), "pattern": .string(pattern), "description": .string(description)])
    }

    /// The schema of one shape. As deep as the grammar, which is finite.
    private static func schema(of shape: Shape) -> JSONTree {
        switch shape {
        case .object(let object): schema(of: object)
        case .map(.entry, let values):
            .object(["type": .string("object"), "propertyNames": definition("entryName"), "additionalProperties": schema(of: values)])
        case .map(.any, let values): .object(["type": .string("object"), "additionalProperties": schema(of: values)])
        case .list(let element, let minimum):
            .object(["type": .string("array"), "items": schema(of: element), "minItems": .integer(minimum)])
        case .text(let kind): kind.pattern == nil ? type("string") : definition(kind.rawValue)
        case .choice(let choices): .object(["enum": .array(choices.map { .string($0.name) })])
        case .integer(let range):
            .object(["type": .string("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
        case .number: type("number")
        case .boolean: type("boolean")
        case .secret(.credential): definition("secret")
        case .secret(.masterKey): definition("masterKey")
        case .secret(.storeAccess): definition("storeAccess")
        case .environment: .object(["type": .string("object"), "additionalProperties": type("string")])
        case .reference: definition("entryName")
        case .oneOf(let shapes): .object(["anyOf": .array(shapes.map { schema(of: $0) })])
        case .anything: .object([:])
        }
    }

    private static func schema(of object: ObjectShape) -> JSONTree {
        var properties: JSONObject = [:]
        for field in object.fields {
            var property = schema(of: field.shape).object ?? [:]
            property["description"] = .string(field.summary + (field.isImplemented ? "" : " Not in this version."))
            properties[field.name] = .object(property)
        }
        var result: JSONObject = ["type": .string("object"), "properties": .object(properties), "additionalProperties": .bool(false)]
        let required = object.fields.filter(\.isRequired).map { JSONTree.string($0.name) }
        if !required.isEmpty { result["required"] = .array(required) }
        let rules =
            object.exactlyOne.map { group in JSONTree.object(["oneOf": .array(group.map { needs([$0]) })]) }
            + object.atMostOne.map { group in JSONTree.object(["not": needs(group)]) }
        if !rules.isEmpty { result["allOf"] = .array(rules) }
        return .object(result)
    }

    private static func definition(_ name: String) -> JSONTree { .object(["$ref": .string("#/$defs/\(name)")]) }

    private static func type(_ name: String) -> JSONTree { .object(["type": .string(name)]) }

    private static func needs(_ names: [String]) -> JSONTree { .object(["required": .array(names.map { .string($0) })]) }

    // MARK: Text

    private static func write(_ tree: JSONTree, indent: Int, to text: inout String) {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch tree {
        case .object(let object) where !object.isEmpty:
            text += "{\n"
            for (index, member) in object.enumerated() {
                text += (index == 0 ? "" : ",\n") + inner + String(buffer: JSONTree.string(member.name).bytes) + ": "
                write(member.value, indent: indent + 2, to: &text)
            }
            text += "\n\(outer)}"
        case .array(let elements) where elements.contains { $0.object != nil }:
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += (index == 0 ? "" : ",\n") + inner
                write(element, indent: indent + 2, to: &text)
            }
            text += "\n\(outer)]"
        case .array, .object, .string, .number, .bool, .null: text += String(buffer: tree.bytes)
        }
    }
}
