import HubCore

extension SchemaShaper {
    /// The kinds of value the schema at `node` takes, references and combinations followed; `.any` where it cannot be told.
    func kinds(of node: JSONValue, origin: SchemaKeywords.Origin = .schema, depth: Int = 0) -> ValueKinds {
        guard node.kind == .object, depth < 24 else { return .any }
        let key = NodeKey(index: node.index, origin: origin)
        if let known = knownKinds[key] { return known }
        // A schema that is reached again from inside itself says nothing new there.
        knownKinds[key] = .any
        let kinds = computeKinds(SchemaKeywords(node, origin: origin), at: node, depth: depth)
        knownKinds[key] = kinds
        return kinds
    }

    private func computeKinds(_ keywords: SchemaKeywords, at node: JSONValue, depth: Int) -> ValueKinds {
        var result = ValueKinds.any
        if let reference = keywords.reference {
            guard let target = target(of: reference) else { return .any }
            result = kinds(of: self.node(of: target), depth: depth + 1)
            if !dialect.isJSONSchema2020 { return result }
        }
        if let declared = declaredKinds(keywords, at: node) {
            result.narrow(to: declared)
        } else if let values = keywords.enumeration, values.count > 0 {
            result.narrow(to: values.elements.prefix(64).reduce(into: []) { $0.formUnion(ValueKinds(of: $1)) })
        }
        if let branches = keywords.allOf {
            for branch in branches.elements { result.narrow(to: kinds(of: branch, depth: depth + 1)) }
        }
        for list in [keywords.anyOf, keywords.oneOf] {
            guard let list, list.count > 0 else { continue }
            result.narrow(to: list.elements.reduce(into: []) { $0.formUnion(kinds(of: $1, depth: depth + 1)) })
        }
        if keywords.nullable { result.insert(.null) }
        return result
    }
}

extension ValueKinds {
    /// Keeps the kinds that `other` has too; all of them where that would leave none, because then one of the two is wrong.
    fileprivate mutating func narrow(to other: ValueKinds) {
        let expand = { (kinds: ValueKinds) in kinds.contains(.number) ? kinds.union(.integer) : kinds }
        let both = expand(self).intersection(expand(other))
        self = both.isEmpty ? .any : both
    }
}
