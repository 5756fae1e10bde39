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
