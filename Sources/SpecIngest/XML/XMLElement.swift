/// A name with its namespace.
struct XMLName: Hashable, Sendable {
    /// The namespace; empty where there is none.
    var namespace: String
    /// The name in it.
    var local: String
}

/// An attribute. Declarations of namespaces are none.
struct XMLAttribute: Sendable {
    /// Its name; an attribute without a prefix is in no namespace.
    var name: XMLName
    /// Its value, with references replaced and white space normalized as XML says.
    var value: String
    /// A name with which the value begins, before `value`; only for writing, which finds a prefix for it.
    var reference: XMLName?
}

/// What stands in an element. Comments and processing instructions are left out; CDATA is text, and text is never beside text.
indirect enum XMLNode: Sendable {
    /// An element.
    case element(XMLElement)
    /// Text, never empty.
    case text(String)
    /// A name as text; only for writing, which finds a prefix for it.
    case name(XMLName)

    /// Whether it is an element.
    var isElement: Bool { if case .element = self { true } else { false } }
}

/// An element and all in it, as a value.
struct XMLElement: Sendable {
    /// Its name.
    var name: XMLName
    /// Its attributes, in order.
    var attributes: [XMLAttribute] = []
    /// What stands in it, in order.
    var children: [XMLNode] = []
    /// The prefixes that it may use, for names in its content.
    var prefixes = XMLPrefixes()
    /// Prefixes, with their namespaces, that its text and that of what is in it uses; declared at it when it is written.
    var declarations: [String: String] = [:]
    /// Where its start tag begins.
    var position = SourcePosition(line: 1, column: 1)

    /// The elements in it, in order.
    var elements: some Sequence<XMLElement> {
        children.lazy.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// The first element in it.
    var firstElement: XMLElement? { elements.first { _ in true } }

    /// The first element in it of this name and of its own namespace.
    func part(_ local: String) -> XMLElement? { elements.first { $0.name == XMLName(namespace: name.namespace, local: local) } }

    /// The value of an attribute.
    func attribute(_ local: String, namespace: String = "") -> String? {
        attributes.first { $0.name.local == local && $0.name.namespace == namespace }?.value
    }

    /// The text that stands in it directly, joined.
    var text: String {
        var joined = ""
        for case .text(let part) in children { joined += part }
        return joined
    }
}
