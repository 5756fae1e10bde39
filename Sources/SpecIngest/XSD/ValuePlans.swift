/// The plans of all types that the messages of one description can hold. Immutable: nothing is worked out when a call comes.
struct ValuePlans: Sendable {
    /// The plans by the number of the type.
    var plans: [Int: TypePlan] = [:]
    /// The types by name, for `xsi:type`.
    var numbers: [XMLName: Int] = [:]
    /// What prefixes mean in the schemas, for names that a caller writes with one.
    var prefixes: [String: String] = [:]

    /// The plan of a type; that of anything where there is none.
    subscript(_ number: Int) -> TypePlan { plans[number] ?? .anything }

    /// The name that a caller means: `{namespace}local`, one with a prefix of a schema, or one in no namespace.
    func name(_ text: String) -> XMLName? {
        if text.utf8.first == UInt8(ascii: "{") {
            guard let end = text.firstIndex(of: "}") else { return nil }
            let local = String(text[text.index(after: end)...])
            return NCName.isName(local) ? XMLName(namespace: String(text[text.index(after: text.startIndex)..<end]), local: local) : nil
        }
        guard text.utf8.contains(UInt8(ascii: ":")) else {
            return NCName.isName(text) ? XMLName(namespace: "", local: text) : nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, NCName.isName(parts[1]), let namespace = parts[0] == "xml" ? XMLPrefixes.xml : prefixes[parts[0]]
        else { return nil }
        return XMLName(namespace: namespace, local: parts[1])
    }
}
