import HubCore

/// One look at every node of a document before it is read: anchors, names that stand twice, and references that no description
/// has a reason for.
///
/// Linear in the size of the document and without recursion. What an author put into an extension, an example or a default
/// is data, not description, and is passed over.
///
/// Values are kept by their index, so that what was seen of a file holds where several files have become one document.
struct DocumentScan: Sendable {
    /// Past this many members, names are compared by a table.
    private static let smallObject = 12

    /// The nodes that `$anchor` and `$dynamicAnchor` name (JSON Schema 2020-12 §8.2.2).
    private(set) var anchors: [String: Int] = [:]
    /// A `$ref` into the file system of whoever reads the description.
    private(set) var fileReference: Int?
    /// Names that stand before in the same object; of those the last counts.
    private(set) var repeatedNames: [Int] = []
    /// What references name before their fragment, each once, in no particular order but always the same.
    private(set) var fileNames: [String] = []

    /// Looks at all below `root`.
    init(_ root: JSONValue) {
        let document = root.document
        var open = [(index: root.index, isMap: false)]
        var known: Set<String> = []
        while let (index, isMap) = open.popLast() {
            guard let node = document.value(at: index) else { continue }
            for element in node.elements where element.isContainer { open.append((element.index, false)) }
            noteRepeatedNames(of: node)
            for (name, value) in node.members {
                switch value.kind {
                case .object, .array:
                    // Under `properties` and the like stand names, not keywords: `default` there is described like any other.
                    if isMap || !Self.isData(name) { open.append((value.index, !isMap && Self.isMap(name))) }
                case .string:
                    if name.isString("$ref") {
                        noteReference(value, &known)
                    } else if name.isString("$anchor") || name.isString("$dynamicAnchor"), let anchor = value.string {
                        // Nodes come off a stack: an anchor that stands twice is an error of its author, either will do.
                        anchors[anchor] = index
                    }
                case .null, .true, .false, .number:
                    break
                }
            }
        }
    }

    private mutating func noteReference(_ value: JSONValue, _ known: inout Set<String>) {
        guard !value.hasPrefix("#"), let text = value.string else { return }
        if fileReference == nil, text.lowercased().hasPrefix("file:") { fileReference = value.index }
        let file = String(FileReference.address(text))
        if known.insert(file).inserted { fileNames.append(file) }
    }

    private mutating func noteRepeatedNames(of node: JSONValue) {
        guard node.kind == .object, node.count > 1 else { return }
        if node.count > Self.smallObject {
            var names: Set<String> = []
            names.reserveCapacity(node.count)
            for (name, _) in node.members where !names.insert(name.string ?? "").inserted { repeatedNames.append(name.index) }
            return
        }
        for (position, member) in node.members.enumerated() {
            for (name, _) in node.members.lazy.prefix(position) where name.isString(sameAs: member.name) {
                repeatedNames.append(member.name.index)
                break
            }
        }
    }

    private static let maps = [
        "properties", "patternProperties", "$defs", "definitions", "schemas", "responses", "parameters", "headers", "requestBodies",
        "securitySchemes", "pathItems", "content",
    ]
    private static let data = ["example", "examples", "default", "enum", "const"]

    private static func isMap(_ name: JSONValue) -> Bool { maps.contains { name.isString($0) } }

    private static func isData(_ name: JSONValue) -> Bool { name.hasPrefix("x-") || data.contains { name.isString($0) } }
}

extension JSONValue {
    fileprivate var isContainer: Bool { kind == .object || kind == .array }
}
