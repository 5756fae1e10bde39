import NIOCore

/// Parts of XML that pass from one text into another.
enum XMLFragment {
    private static let maximumLocal = 64

    /// The element, with declarations of the prefixes that texts and attributes in it use: nobody else knows that they are prefixes.
    static func keepingPrefixes(_ element: XMLElement) -> XMLElement {
        var keeper = Keeper()
        var element = element
        keeper.collect(element, depth: 0)
        keeper.place(&element, isRoot: true, depth: 0)
        return element
    }

    /// The text of an element, with all it needs; nil where XML cannot hold it.
    static func text(_ element: XMLElement) -> String? {
        // What came out of a parser can be written; anything else is told apart by the nil.
        (try? XMLWriter.write(keepingPrefixes(element), declaration: false)).map { String(buffer: $0) }
    }

    private struct Keeper {
        /// What prefixes mean at most places: declared once, at the root, however often they are used.
        var common: [String: String] = [:]
        var local = 0

        mutating func collect(_ element: XMLElement, depth: Int) {
            guard depth < 256 else { return }
            for prefix in XMLFragment.prefixes(in: element) where common[prefix] == nil {
                if let namespace = element.prefixes.namespace(of: prefix), !namespace.isEmpty { common[prefix] = namespace }
            }
            for child in element.elements { collect(child, depth: depth + 1) }
        }

        mutating func place(_ element: inout XMLElement, isRoot: Bool, depth: Int) {
            guard depth < 256, !common.isEmpty else { return }
            if isRoot {
                element.declarations = common
            } else if local < XMLFragment.maximumLocal {
                for prefix in XMLFragment.prefixes(in: element) {
                    guard let namespace = element.prefixes.namespace(of: prefix), common[prefix] != namespace, !namespace.isEmpty,
                        namespace.utf8.count <= 256
                    else { continue }
                    element.declarations[prefix] = namespace
                    local += 1
                }
            }
            for index in element.children.indices {
                guard case .element(var child) = element.children[index] else { continue }
                place(&child, isRoot: false, depth: depth + 1)
                element.children[index] = .element(child)
            }
        }
    }

    /// What stands before a colon in an element's text and the values of its attributes.
    private static func prefixes(in element: XMLElement) -> Set<String> {
        var found: Set<String> = []
        for attribute in element.attributes { collect(attribute.value, into: &found) }
        for case .text(let text) in element.children { collect(text, into: &found) }
        return found
    }

    private static func collect(_ text: String, into found: inout Set<String>) {
        guard text.utf8.contains(UInt8(ascii: ":")) else { return }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 256, omittingEmptySubsequences: false)
        for part in parts.dropLast() {
            guard
                let name = String(part.suffix(64)).map({ tail in tail.unicodeScalars.reversed().prefix { NCName.isName("_" + String($0)) } }
                )
            else { continue }
            let prefix = String(String.UnicodeScalarView(name.reversed()))
            if NCName.isName(prefix), prefix != "xml", prefix != "xmlns" { found.insert(prefix) }
        }
    }
}
