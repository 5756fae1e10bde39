/// The prefixes that are declared at an element, and at those around it.
///
/// A chain of what each element declares: a copy for each element would make a text of some declarations and many elements grow without
/// bound.
struct XMLPrefixes: Sendable {
    private final class Scope: Sendable {
        let declared: [String: String]
        let outer: Scope?
        let count: Int

        init(declared: [String: String], outer: Scope?) {
            self.declared = declared
            self.outer = outer
            count = declared.count + (outer?.count ?? 0)
        }
    }

    private let scope: Scope?

    /// No declarations: only `xml` is known, as everywhere.
    init() { scope = nil }

    private init(_ scope: Scope) { self.scope = scope }

    /// How many declarations are in the chain.
    var count: Int { scope?.count ?? 0 }

    /// These prefixes with further ones, from prefix (empty: the default) to namespace.
    func declaring(_ declared: [String: String]) -> XMLPrefixes {
        declared.isEmpty ? self : XMLPrefixes(Scope(declared: declared, outer: scope))
    }

    /// The namespace of a prefix; for the empty one the default namespace, which is empty where none is declared.
    func namespace(of prefix: String) -> String? {
        var next = scope
        while let scope = next {
            if let found = scope.declared[prefix] { return found }
            next = scope.outer
        }
        if prefix == "xml" { return Self.xml }
        return prefix.isEmpty ? "" : nil
    }

    /// What each prefix stands for, the default among them.
    var all: [String: String] {
        var all: [String: String] = [:]
        var next = scope
        while let scope = next {
            all.merge(scope.declared) { inner, _ in inner }
            next = scope.outer
        }
        return all
    }

    /// The name that a text like `tns:Order` stands for; nil where the prefix is not declared or a part is empty.
    /// - Parameters:
    ///   - qname: The text; white space around it is ignored.
    ///   - usesDefault: Whether a name without a prefix is in the default namespace, or in none.
    func resolve(qname: String, usesDefault: Bool) -> XMLName? {
        let parts = XMLText.trimmed(qname).utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let last = parts.last, !last.isEmpty, parts.count <= 2, !last.contains(where: XMLText.isSpace) else { return nil }
        guard parts.count == 2 else {
            return XMLName(namespace: usesDefault ? namespace(of: "") ?? "" : "", local: String(Substring(last)))
        }
        guard !parts[0].isEmpty, let namespace = namespace(of: String(Substring(parts[0]))) else { return nil }
        return XMLName(namespace: namespace, local: String(Substring(last)))
    }

    /// The namespace of `xml:lang` and its like.
    static let xml = "http://www.w3.org/XML/1998/namespace"
}
