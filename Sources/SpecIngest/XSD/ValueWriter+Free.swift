import HubCore
import NIOCore

extension ValueWriter {
    /// Fills an element with the items of an array of the SOAP encoding.
    mutating func fill(_ element: inout XMLElement, _ array: ArrayPlan, _ value: JSONValue) throws(HubError) {
        let items = value.kind == .array ? Array(value.elements) : [value]
        let item = SchemaElement(name: XMLName(namespace: "", local: array.itemName), type: array.item, isNillable: true)
        let name = { XMLName(namespace: array.encoding, local: $0) }
        if array.encoding == SchemaVocabulary.soapEncoding {
            element.attributes.append(XMLAttribute(name: name("arrayType"), value: "[\(items.count)]", reference: array.itemType))
        } else {
            element.attributes.append(XMLAttribute(name: name("itemType"), value: "", reference: array.itemType))
            element.attributes.append(XMLAttribute(name: name("arraySize"), value: "\(items.count)"))
        }
        for (index, value) in items.enumerated() {
            enter(.index(index))
            element.children.append(.element(try self.element(item, value)))
            leave()
        }
    }

    /// Fills an element of which nothing is known: a single value is its text, the members of an object are attributes and elements.
    mutating func fillFreely(_ element: inout XMLElement, _ value: JSONValue) throws(HubError) {
        switch value.kind {
        case .null: throw refusal("must not be null")
        case .string, .number, .true, .false:
            let text = try allowed(try scalar(value))
            if !text.isEmpty { element.children.append(.text(text)) }
            if isEncoded, !element.attributes.contains(where: { $0.name == Self.typeName }) {
                element.attributes.append(XMLAttribute(name: Self.typeName, value: "", reference: Self.builtIn(for: value)))
            }
        case .array:
            for (index, item) in value.elements.enumerated() {
                enter(.index(index))
                try addChild(XMLName(namespace: "", local: "item"), item, to: &element)
                leave()
            }
        case .object:
            for (name, member) in value.members {
                let name = name.string ?? ""
                enter(.member(name))
                try addFreely(Given(name: name, argument: nil, value: member), to: &element)
                leave()
            }
        }
    }

    private mutating func addFreely(_ given: Given, to element: inout XMLElement) throws(HubError) {
        switch given.name {
        case "@type":
            guard let text = given.value.string, let name = plans.name(text) else { throw refusal("must be the name of a type") }
            element.attributes.removeAll { $0.name == Self.typeName }
            element.attributes.append(XMLAttribute(name: Self.typeName, value: "", reference: name))
        case MembersPlan.text:
            element.children += try nodes(of: given.value, SimplePlan(kind: .scalar, whiteSpace: .preserve))
        case MembersPlan.xml, MembersPlan.any:
            let values = given.value.kind == .array ? Array(given.value.elements) : [given.value]
            for value in values {
                let fragment = try fragment(value)
                element.children += fragment.children
            }
        default:
            if given.name.utf8.first == UInt8(ascii: "@") { return try addAttribute(given, to: &element) }
            guard let name = plans.name(given.name) else { throw refusal("has a name that no element can have") }
            guard given.value.kind == .array else { return try addChild(name, given.value, to: &element) }
            for item in given.value.elements { try addChild(name, item, to: &element) }
        }
    }

    private mutating func addChild(_ name: XMLName, _ value: JSONValue, to element: inout XMLElement) throws(HubError) {
        element.children.append(.element(try self.element(SchemaElement(name: name, type: 0, isNillable: true), value)))
    }

    private static func builtIn(for value: JSONValue) -> XMLName {
        let local =
            switch value.kind {
            case .true, .false: "boolean"
            case .number: ValueKinds(of: value) == .integer ? "int" : "double"
            default: "string"
            }
        return XMLName(namespace: SchemaVocabulary.namespace, local: local)
    }

    // MARK: XML that a caller wrote

    /// Adds elements for which the schema has no name: XML, or an object whose members are elements.
    mutating func addAny(_ value: JSONValue, to element: inout XMLElement) throws(HubError) {
        guard value.kind != .object else { return try fillFreely(&element, value) }
        let fragment = try fragment(value)
        guard fragment.children.allSatisfy(\.isElement) else {
            throw refusal("must be an element as XML, with no text around it")
        }
        element.children += fragment.children
    }

    /// An element around the XML that a caller wrote, which has been parsed like any other XML of strangers.
    func fragment(_ value: JSONValue) throws(HubError) -> XMLElement {
        guard let text = value.string else { throw refusal("must be XML in a string") }
        do throws(SourceError) {
            let limits = XMLLimits(maximumBytes: 4 << 20, maximumDepth: 64, maximumElements: 50_000, keepsPositions: false)
            var root = try XMLReader.read(ByteBuffer(string: "<x>\(text)</x>"), limits: limits)
            root.children = root.children.map {
                if case .element(let child) = $0 { .element(XMLFragment.keepingPrefixes(child)) } else { $0 }
            }
            return root
        } catch {
            throw refusal("must be well-formed XML: \(error.message)")
        }
    }
}
