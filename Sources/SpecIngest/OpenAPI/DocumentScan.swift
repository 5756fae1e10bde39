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

    /// What references name before their fragment, each once, in no particular order but always the same.
    private(set) var fileNames: [String] = []

    init(_ root: JSONValue, readsAnchors: Bool) {
        var open = [(node: root, isMap: false)]
        var known: Set<String> = []
        var names: Set<String> = []
        while let (node, isMap) = open.popLast() {
            names.removeAll(keepingCapacity: true)
            for element in node.elements where element.kind == .object || element.kind == .array { open.append((element, false)) }
            for (name, value) in node.members {
                if node.count > 1, !names.insert(name.string ?? "").inserted { repeatedNames.append(name) }
                switch value.kind {
                case .object, .array:
                    // Under `properties` and the like stand names, not keywords: `default` there is described like any other.
                    if isMap || !Self.isData(name) { open.append((value, !isMap && Self.isMap(name))) }
                case .string:
                    if name.isString("$ref") {
                        if fileReference == nil, value.string?.lowercased().hasPrefix("file:") == true { fileReference = value }
                        if let text = value.string, !text.hasPrefix("#") {
                            let file = String(FileReference.address(text))
                            if known.insert(file).inserted { fileNames.append(file) }
                        }
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

    private static func isMap(_ name: JSONValue) -> Bool {
        switch name.string {
        case "properties", "patternProperties", "$defs", "definitions", "schemas", "responses", "parameters", "headers", "requestBodies",
            "securitySchemes", "pathItems", "content":
            return true
        default: return false
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
