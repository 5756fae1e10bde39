import HubCore

/// The keywords of one schema object that bear on its meaning, sorted out; their values still lie in the document.
///
/// Everything else (`example`, `xml`, `externalDocs`, `discriminator`, `x-…`, unknown words) says nothing a caller needs and
/// is never looked into.
struct SchemaKeywords {
    /// How a node is to be read.
    enum Origin: Hashable {
        /// A schema.
        case schema
        /// A parameter or header of Swagger 2.0, which is its own schema: `required` and `description` belong to the parameter.
        case parameter
    }

    var reference: JSONValue?
    var type: JSONValue?
    var nullable = false
    var title: JSONValue?
    var description: JSONValue?
    var format: JSONValue?
    var enumeration: JSONValue?
    var constant: JSONValue?
    var defaultValue: JSONValue?
    var properties: JSONValue?
    var required: JSONValue?
    var additionalProperties: JSONValue?
    var patternProperties: JSONValue?
    var items: JSONValue?
    var additionalItems: JSONValue?
    var prefixItems: JSONValue?
    var allOf: JSONValue?
    var anyOf: JSONValue?
    var oneOf: JSONValue?
    var readOnly = false
    var deprecated = false
    /// `minimum`, `maxLength`, `pattern` and their like, in the order written.
    var assertions: [(name: String, value: JSONValue)] = []
    /// Keywords that hold one more schema: `not`, `if`, `contains` and their like.
    var applicators: [(name: String, value: JSONValue)] = []

    init(_ node: JSONValue, origin: Origin = .schema) {
        for (name, value) in node.members {
            guard let name = name.string else { continue }
            switch name {
            case "$ref", "$dynamicRef": if reference == nil, value.kind == .string { reference = value }
            case "type": type = value
            case "nullable", "x-nullable": nullable = value.bool ?? nullable
            case "title": title = value
            case "description": if origin == .schema { description = value }
            case "format": format = value
            case "enum": enumeration = value
            case "const": constant = value
            case "default": defaultValue = value
            case "properties": properties = value
            case "required": if origin == .schema { required = value }
            case "additionalProperties": additionalProperties = value
            case "patternProperties": patternProperties = value
            case "items": items = value
            case "additionalItems": additionalItems = value
            case "prefixItems": prefixItems = value
            case "allOf": allOf = value
            case "anyOf": anyOf = value
            case "oneOf": oneOf = value
            case "readOnly": readOnly = value.bool ?? readOnly
            case "deprecated": deprecated = value.bool ?? deprecated
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
                "minItems",
                "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties", "contentEncoding",
                "contentMediaType", "dependentRequired":
                assertions.append((name, value))
            case "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems":
                applicators.append((name, value))
            default: break
            }
        }
    }

    /// Whether a `$ref` stands alone, so far as its neighbours could change what it means.
    var isBareReference: Bool {
        reference != nil && type == nil && enumeration == nil && constant == nil && defaultValue == nil && properties == nil
            && required == nil
            && additionalProperties == nil && patternProperties == nil && items == nil && prefixItems == nil && allOf == nil && anyOf == nil
            && oneOf == nil && assertions.isEmpty && applicators.isEmpty
    }

    /// Whether all that the schema says stands in the one combinator `list`.
    func saysNothingBut(_ list: JSONValue?) -> Bool {
        guard list != nil, reference == nil, type == nil, enumeration == nil, constant == nil, defaultValue == nil, properties == nil,
            required == nil, additionalProperties == nil, patternProperties == nil, items == nil, prefixItems == nil, assertions.isEmpty,
            applicators.isEmpty
        else { return false }
        return [allOf, anyOf, oneOf].count { $0 != nil } == 1
    }
}

extension SchemaKeywords {
    /// The one value of an `enum` that leaves no choice.
    var only: JSONValue? {
        guard let enumeration, enumeration.kind == .array, let first = enumeration.elements.first(where: { _ in true }) else { return nil }
        let text = JSONCompactor.text(first)
        return enumeration.elements.allSatisfy { JSONCompactor.text($0) == text } ? first : nil
    }
}
