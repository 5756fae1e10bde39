import HubCore
import NIOCore

@testable import SpecIngest

/// A schema as text, with the plans of what is in it.
struct ValueFixture {
    let set: SchemaSet
    var mapping: ValueMapping

    /// - Parameter schema: What stands in an `xs:schema` with the target namespace `urn:t`, prefix `t`, whose local elements are qualified.
    init(_ schema: String, qualified: Bool = true) throws {
        let text = """
            <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" \
            xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" \
            elementFormDefault="\(qualified ? "qualified" : "unqualified")">\(schema)</xs:schema>
            """
        let root = try XMLReader.read(ByteBuffer(string: text), limits: .description)
        set = SchemaCompiler.compile([SchemaDocument(root: root, path: "")]).set
        mapping = ValueMapping(set)
        for name in set.elements.keys.sorted(by: { $0.local < $1.local }) {
            if let element = set.elements[name] { mapping.reach(element) }
        }
    }

    func element(_ local: String = "e") -> SchemaElement {
        set.elements[XMLName(namespace: "urn:t", local: local)] ?? SchemaElement(name: XMLName(namespace: "", local: "?"), type: 0)
    }

    /// The schema of an element.
    func schema(_ local: String = "e") -> String {
        var json = JSONWriter()
        mapping.writeSchema(of: element(local), to: &json)
        return String(buffer: json.buffer)
    }

    var components: String {
        var json = JSONWriter()
        json.beginObject()
        mapping.writeComponents(to: &json)
        json.endObject()
        return String(buffer: json.buffer)
    }

    /// The message of a value, with the prefix `t` for `urn:t` and no declarations.
    func xml(_ value: String, _ local: String = "e", encoded: Bool = false) throws -> String {
        let value = try JSONDocument(parsing: value, limits: .message).root
        let element = try ValueWriter.element(element(local), value: value, argument: "x", plans: mapping.plans, isEncoded: encoded)
        let prefixes = [
            "urn:t": "t", SchemaVocabulary.instance: "xsi", SchemaVocabulary.namespace: "xsd", SchemaVocabulary.soapEncoding: "enc",
        ]
        let text = String(buffer: try XMLWriter.write(element, declaration: false, preferredPrefixes: prefixes))
        return prefixes.reduce(text) { $0.replacing(" xmlns:\($1.value)=\"\($1.key)\"", with: "") }
    }

    /// What is said of a value that is refused.
    func refusal(_ value: String, _ local: String = "e") -> String {
        do {
            return "taken: " + (try xml(value, local))
        } catch let error as HubError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    /// What a message is as JSON. The prefixes `t`, `xsi`, `xsd` and `enc` are declared around it.
    func json(_ message: String, _ local: String? = "e", references: Bool = false, maximumBytes: Int = 16 << 20) throws -> String {
        let text = """
            <b xmlns:t="urn:t" xmlns:xsi="\(SchemaVocabulary.instance)" xmlns:xsd="\(SchemaVocabulary.namespace)" \
            xmlns:enc="\(SchemaVocabulary.soapEncoding)">\(message)</b>
            """
        let body = try XMLReader.read(ByteBuffer(string: text), limits: .message)
        var reader = ValueReader(
            mapping.plans, references: references ? MessageReferences(in: body) : nil, maximumBytes: maximumBytes)
        var json = JSONWriter()
        for element in body.elements.prefix(1) { reader.write(element, as: local.map { self.element($0) }, to: &json) }
        return String(buffer: json.buffer)
    }
}
