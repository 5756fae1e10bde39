import HubCore
import NIOCore

/// Writes the JSON document that operations are made into tools from: of each the schema of its arguments, and all types they use.
///
/// `{"operations": [{"input": {…}}, …], "components": {"schemas": {…}}}`
struct WSDLSchemaWriter {
    private var json = JSONWriter()
    private let mapping: ValueMapping

    /// The document, whose operations are those of `calls`, in their order.
    static func document(of calls: [SOAPPlanner.Call], _ mapping: ValueMapping) throws(IngestError) -> SourceDocument {
        var writer = WSDLSchemaWriter(mapping)
        writer.json.beginObject()
        writer.json.key("operations")
        writer.json.beginArray()
        for call in calls {
            writer.json.beginObject()
            writer.json.key("input")
            writer.write(call.input)
            writer.json.endObject()
            // Operations may share what is large; past the bound nothing of it would be read.
            if writer.json.buffer.readableBytes > JSONLimits.description.maximumBytes {
                throw failure(JSONParseError.Reason.tooLarge.rawValue)
            }
        }
        writer.json.endArray()
        writer.json.key("components")
        writer.json.beginObject()
        writer.json.key("schemas")
        writer.json.beginObject()
        mapping.writeComponents(to: &writer.json)
        writer.json.endObject()
        writer.json.endObject()
        writer.json.endObject()
        do throws(SourceError) {
            return try SourceDocument(reading: writer.json.buffer)
        } catch {
            throw failure(error.message)
        }
    }

    private static func failure(_ reason: String) -> IngestError {
        IngestError(.unreadable, "the schemas of the description as JSON Schema: \(reason)")
    }

    private init(_ mapping: ValueMapping) { self.mapping = mapping }

    // MARK: Messages

    private mutating func write(_ message: SOAPMessage) {
        var required: [String] = []
        json.beginObject()
        json.member("type", "object")
        json.key("properties")
        json.beginObject()
        switch message.body {
        case .element(let element): required += writeMembers(ofType: element.type)
        case .content(let type): required += writeMembers(ofType: type)
        case .parts(let parts), .call(_, let parts):
            for part in parts { required += write(part) }
        }
        if !message.headers.isEmpty {
            json.key(message.headersName)
            json.beginObject()
            json.member("type", "object")
            json.member("description", "Sent in the header of the message.")
            json.key("properties")
            json.beginObject()
            for header in message.headers { _ = write(header) }
            json.endObject()
            json.endObject()
        }
        json.endObject()
        if !required.isEmpty { json.member("required", required) }
        json.endObject()
    }

    /// Writes the members of a type; gives the names of those that have to be there.
    private mutating func writeMembers(ofType type: Int) -> [String] {
        var required: [String] = []
        for property in mapping.properties(ofType: type) ?? [] {
            json.member(property.name, raw: property.schema)
            if property.isRequired { required.append(property.name) }
        }
        return required
    }

    /// Writes a part as a member; gives its name where it has to be there.
    private mutating func write(_ part: SOAPMessage.Part) -> [String] {
        json.key(part.name)
        mapping.writeSchema(of: part.element, to: &json)
        return part.element.isNillable ? [] : [part.name]
    }
}
