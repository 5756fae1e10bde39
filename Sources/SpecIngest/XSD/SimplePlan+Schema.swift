import HubCore
import NIOCore

extension SimplePlan {
    /// Writes the JSON Schema of the values.
    ///
    /// - Parameters:
    ///   - isNullable: Whether null may take the place of a value.
    ///   - description: What is said of it.
    ///   - isShared: Whether a long schema may be referred to.
    func writeSchema(isNullable: Bool = false, description: String? = nil, isShared: Bool = true, to json: inout JSONWriter) {
        // What is larger is refused when it is read; nothing more of it is written.
        guard json.buffer.readableBytes <= JSONLimits.description.maximumBytes else { return json.raw("{}") }
        json.beginObject()
        if let description { json.member("description", description) }
        if isShared, let component {
            ValueMapping.writeReference(component, isNullable: isNullable, to: &json)
        } else if case .union(let members) = kind, enumeration.isEmpty {
            json.key("anyOf")
            json.beginArray()
            for member in members { member.writeSchema(to: &json) }
            if isNullable { Self.writeNull(to: &json) }
            json.endArray()
        } else {
            writeType(isNullable: isNullable, to: &json)
            writeFacets(to: &json)
            writeEnumeration(isNullable: isNullable, to: &json)
        }
        json.endObject()
    }

    static func writeNull(to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", "null")
        json.endObject()
    }

    private var typeNames: [String] {
        switch kind {
        case .scalar: ["string", "number", "boolean"]
        case .string, .base64, .hexadecimal, .name: ["string"]
        case .boolean: ["boolean"]
        case .integer: isShort ? ["integer"] : ["integer", "string"]
        case .decimal: isShort ? ["number"] : ["number", "string"]
        case .float: ["number", "string"]
        case .list: ["array"]
        case .union: []
        }
    }

    /// What a string in place of a number, or a name, looks like; nil where there is none.
    private var stringPattern: String? {
        switch kind {
        case .integer where !isShort: #"^[+-]?\d+$"#
        case .decimal where !isShort: #"^[+-]?\d+(\.\d+)?$"#
        case .float: "^(-?INF|NaN)$"
        case .name where enumeration.isEmpty: #"^(\{[^{}]*\})?[^{}:\s]+$"#
        default: nil
        }
    }

    private func writeType(isNullable: Bool, to json: inout JSONWriter) {
        let names = typeNames + (isNullable ? ["null"] : [])
        guard let first = typeNames.first else { return }
        if names.count > 1 { json.member("type", names) } else { json.member("type", first) }
    }

    private func writeFacets(to json: inout JSONWriter) {
        switch kind {
        case .string(let format):
            if let format { json.member("format", format) }
            writeLengths("minLength", "maxLength", to: &json)
            writePatterns(to: &json)
        case .integer, .decimal, .float:
            if let minimum {
                json.key(minimum.isExclusive ? "exclusiveMinimum" : "minimum")
                json.raw(minimum.digits)
            }
            if let maximum {
                json.key(maximum.isExclusive ? "exclusiveMaximum" : "maximum")
                json.raw(maximum.digits)
            }
            if let stringPattern { json.member("pattern", stringPattern) }
        case .base64, .hexadecimal: json.member("contentEncoding", "base64")
        case .list(let item):
            json.key("items")
            item.writeSchema(to: &json)
            writeLengths("minItems", "maxItems", to: &json)
        case .name: if let stringPattern { json.member("pattern", stringPattern) }
        case .scalar, .boolean, .union: return
        }
    }

    private func writeLengths(_ minimum: String, _ maximum: String, to json: inout JSONWriter) {
        if let minimumLength, minimumLength > 0 { json.member(minimum, minimumLength) }
        if let maximumLength { json.member(maximum, maximumLength) }
    }

    private func writePatterns(to json: inout JSONWriter) {
        guard let last = patterns.last else { return }
        json.member("pattern", last)
        guard patterns.count > 1 else { return }
        json.key("allOf")
        json.beginArray()
        for pattern in patterns.dropLast() {
            json.beginObject()
            json.member("pattern", pattern)
            json.endObject()
        }
        json.endArray()
    }

    private func writeEnumeration(isNullable: Bool, to json: inout JSONWriter) {
        guard !enumeration.isEmpty else { return }
        json.key("enum")
        json.beginArray()
        for text in enumeration { write(text, prefixes: XMLPrefixes(), to: &json) }
        if isNullable { json.null() }
        json.endArray()
    }
}
