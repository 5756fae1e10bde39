import HubCore
import NIOCore

/// Why an element cannot be written. The message never repeats values.
struct XMLWriteError: Error, Sendable, Hashable {
    /// What was wrong, as part of a sentence.
    var message: String
}

/// Writes elements as UTF-8, and declares namespaces by itself.
///
/// Each namespace of the tree has one prefix, declared at the root, so that the same tree always gives the same bytes; of what a tree has
/// for prefixes of its own, `XMLElement.declarations` is written and `XMLElement.prefixes` is not.
struct XMLWriter: ~Copyable {
    private var buffer = ByteBuffer()
    private var prefixes: [String: String] = [:]
    private var order: [String] = []
    private var used: Set<String> = []
    private var lastNumber = 0
    /// The prefixes that elements declare for their text, which no other namespace may have.
    private var reserved: [String: Set<String>] = [:]

    /// The text of `element`.
    /// - Parameters:
    ///   - element: The root.
    ///   - declaration: Whether the text begins with `<?xml …?>`.
    ///   - preferredPrefixes: From namespace to prefix; others get `ns1`, `ns2` and so on, in the order in which they are met.
    static func write(
        _ element: XMLElement, declaration: Bool, preferredPrefixes: [String: String] = [:]
    ) throws(XMLWriteError) -> ByteBuffer {
        var writer = XMLWriter()
        try writer.reserve(element, depth: 0)
        try writer.collect(element, preferredPrefixes, depth: 0)
        if declaration { writer.buffer.writeStaticString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") }
        try writer.put(element, isRoot: true)
        return writer.buffer
    }

    /// Trees are made from values of strangers: one deeper than this is refused before the recursion gets deep.
    private static let maximumDepth = 256

    private mutating func reserve(_ element: XMLElement, depth: Int) throws(XMLWriteError) {
        guard depth < Self.maximumDepth else { throw XMLWriteError(message: "elements stand too deep in each other") }
        for (prefix, namespace) in element.declarations {
            try check(prefix, of: namespace)
            reserved[prefix, default: []].insert(namespace)
        }
        for case .element(let child) in element.children { try reserve(child, depth: depth + 1) }
    }

    private mutating func collect(_ element: XMLElement, _ preferred: [String: String], depth: Int) throws(XMLWriteError) {
        guard depth < Self.maximumDepth else { throw XMLWriteError(message: "elements stand too deep in each other") }
        try meet(element.name.namespace, preferred)
        for attribute in element.attributes {
            try meet(attribute.name.namespace, preferred)
            if let reference = attribute.reference { try meet(reference.namespace, preferred) }
        }
        for child in element.children {
            switch child {
            case .element(let child): try collect(child, preferred, depth: depth + 1)
            case .name(let name): try meet(name.namespace, preferred)
            case .text: continue
            }
        }
    }

    private mutating func meet(_ namespace: String, _ preferred: [String: String]) throws(XMLWriteError) {
        guard !namespace.isEmpty, namespace != XMLPrefixes.xml, prefixes[namespace] == nil else { return }
        var prefix = preferred[namespace] ?? "ns\(order.count + 1)"
        try check(prefix, of: namespace)
        // A tree can have many namespaces, and many prefixes of its own: no number is tried twice.
        var number = max(order.count + 1, lastNumber)
        while used.contains(prefix) || preferred.contains(where: { $0.value == prefix && $0.key != namespace })
            || reserved[prefix].map({ $0 != [namespace] }) == true
        {
            number += 1
            prefix = "ns\(number)"
            lastNumber = number
        }
        used.insert(prefix)
        prefixes[namespace] = prefix
        order.append(namespace)
    }

    private func check(_ prefix: String, of namespace: String) throws(XMLWriteError) {
        guard namespace != "http://www.w3.org/2000/xmlns/", !namespace.isEmpty else {
            throw XMLWriteError(message: "a namespace that none may use")
        }
        guard NCName.isName(prefix), !prefix.utf8.starts(with: "xml".utf8) else {
            throw XMLWriteError(message: "a prefix is not a name of XML")
        }
    }

    private mutating func put(_ element: XMLElement, isRoot: Bool = false) throws(XMLWriteError) {
        // Names come from a description, and a value of two bytes may stand in a long one.
        guard buffer.readableBytes <= JSONLimits.payload.maximumBytes else { throw XMLWriteError(message: "the text is too long") }
        buffer.writeStaticString("<")
        try put(element.name)
        if isRoot {
            for namespace in order { try declare(prefixes[namespace] ?? "", namespace) }
        }
        for (prefix, namespace) in element.declarations.sorted(by: { $0.key < $1.key }) where prefixes[namespace] != prefix {
            try declare(prefix, namespace)
        }
        var names: Set<XMLName> = []
        for attribute in element.attributes {
            guard names.insert(attribute.name).inserted else { throw XMLWriteError(message: "an attribute is there twice") }
            buffer.writeStaticString(" ")
            try put(attribute.name)
            buffer.writeStaticString("=\"")
            if let reference = attribute.reference { try put(reference) }
            try put(attribute.value, inAttribute: true)
            buffer.writeStaticString("\"")
        }
        guard !element.children.isEmpty else {
            buffer.writeStaticString("/>")
            return
        }
        buffer.writeStaticString(">")
        for child in element.children {
            switch child {
            case .element(let element): try put(element)
            case .text(let text): try put(text, inAttribute: false)
            case .name(let name): try put(name)
            }
        }
        buffer.writeStaticString("</")
        try put(element.name)
        buffer.writeStaticString(">")
    }

    private mutating func declare(_ prefix: String, _ namespace: String) throws(XMLWriteError) {
        buffer.writeString(" xmlns:\(prefix)=\"")
        try put(namespace, inAttribute: true)
        buffer.writeStaticString("\"")
    }

    private mutating func put(_ name: XMLName) throws(XMLWriteError) {
        guard NCName.isName(name.local), !(name.namespace.isEmpty && name.local == "xmlns") else {
            throw XMLWriteError(message: "a name that XML cannot hold")
        }
        if name.namespace == XMLPrefixes.xml {
            buffer.writeStaticString("xml:")
        } else if let prefix = prefixes[name.namespace] {
            buffer.writeString(prefix)
            buffer.writeStaticString(":")
        }
        buffer.writeString(name.local)
    }

    private mutating func put(_ text: String, inAttribute: Bool) throws(XMLWriteError) {
        guard XMLText.forbidden(in: text) == nil else { throw XMLWriteError(message: "a character that XML cannot hold") }
        for byte in text.utf8 {
            if let reference = XMLText.reference(for: byte, inAttribute: inAttribute) {
                buffer.writeString(reference)
            } else {
                buffer.writeInteger(byte)
            }
        }
    }
}
