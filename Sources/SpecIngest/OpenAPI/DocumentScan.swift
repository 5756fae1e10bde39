import HubCore

/// One look at every node of a document before it is read: anchors, names that stand twice, and references that no description
/// has a reason for.
///
/// Linear in the size of the document and without recursion. What an author put into an extension, an example or a default
/// is data, not description, and is passed over.
struct DocumentScan {
    /// The nodes that `$anchor` and `$dynamicAnchor` name (JSON Schema 2020-12 §8.2.2).
    private(set) var anchors: [String: JSONValue] = [:]
    /// A `$ref` into the file system of whoever reads the description.
    private(set) var fileReference: JSONValue?
    /// Names that stand before in the same object; of those the last counts.
    private(set) var repeatedNames: [JSONValue] = []

    init(_ root: JSONValue, readsAnchors: Bool) {
        var open = [root]
        var names: Set<String> = []
        while let node = open.popLast() {
            names.removeAll(keepingCapacity: true)
            for element in node.elements where element.kind == .object || element.kind == .array { open.append(element) }
            for (name, value) in node.members {
                if node.count > 1, !names.insert(name.string ?? "").inserted { repeatedNames.append(name) }
                switch value.kind {
                case .object, .array:
                    if !Self.isData(name) { open.append(value) }
                case .string:
                    if name.isString("$ref") {
                        if fileReference == nil, value.string?.lowercased().hasPrefix("file:") == true { fileReference = value }
                    } else if readsAnchors, name.isString("$anchor") || name.isString("$dynamicAnchor"), let anchor = value.string {
                        // Nodes come off a stack: an anchor that stands twice is an error of its author, either will do.
                        anchors[anchor] = node
                    }
                case .null, .true, .false, .number:
                    break
                }
            }
        }
    }

    private static func isData(_ name: JSONValue) -> Bool {
        guard let text = name.string else { return true }
        switch text {
        case "example", "examples", "default", "enum", "const": return true
        default: return text.hasPrefix("x-")
        }
    }
}
