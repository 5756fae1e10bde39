import HubCore

/// How the values of a body become XML: the `xml` objects of its schema (OpenAPI 3.1.1 §4.8.26, with `nodeType` of 3.2).
///
/// Nodes refer to each other by number, so that a schema may contain itself.
struct XMLPlan: Sendable {
    /// What a value becomes.
    enum Kind: String, Sendable {
        case element, attribute, text, cdata
        /// Its members stand directly in the element around it.
        case none
    }

    /// A schema as XML sees it.
    struct Node: Sendable {
        /// The local name, where the description gives one; otherwise that of the member.
        var name: String?
        var namespace: String?
        var prefix: String?
        var kind = Kind.element
        /// Whether a list has an element around it.
        var isWrapped = false
        /// The schemas of the members.
        var members: [String: Int] = [:]
        /// The schema of the elements of a list.
        var items: Int?
        /// Whether the schema is one of lists.
        var isList = false
    }

    /// All nodes; the first is that of the body.
    var nodes: [Node]
    /// The name of the document's element where its schema gives none.
    var rootName: String

    /// The node of the body.
    var root: Node { nodes.first ?? Node() }

    /// The node of this number; one that says nothing where there is none.
    func node(_ number: Int?) -> Node {
        guard let number, nodes.indices.contains(number) else { return Node() }
        return nodes[number]
    }
}

/// The names that XML allows.
enum NCName {
    /// Whether `text` is a name without a colon (Namespaces in XML §3, NCName).
    static func isValid(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, text.utf8.count <= 256 else { return false }
        return isStart(first) && text.unicodeScalars.allSatisfy(isInner)
    }

    /// A name as near to `text` as one can be.
    static func repaired(_ text: String) -> String {
        var name = String.UnicodeScalarView(text.unicodeScalars.prefix(64).map { isInner($0) ? $0 : "_" })
        if name.first.map({ !isStart($0) }) ?? true { name.insert("_", at: name.startIndex) }
        return String(name)
    }

    private static func isStart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x41...0x5A, 0x5F, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D,
            0x2070...0x218F, 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x10000...0xEFFFF:
            true
        default: false
        }
    }

    private static func isInner(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        default: isStart(scalar)
        }
    }
}
