import HubCore

extension SchemaShaper {
    /// The one value that a schema takes, in the words of its type; nil where there are several, or it is no text, number, true or false.
    func constant(_ source: SchemaSource) -> JSONValue? {
        switch source {
        case .node(let node): constant(node, origin: .schema)
        case .parameter(let node): constant(node, origin: .parameter)
        case .none, .string: nil
        }
    }

    private func constant(_ node: JSONValue, origin: SchemaKeywords.Origin) -> JSONValue? {
        guard node.kind == .object else { return nil }
        let keywords = SchemaKeywords(node, origin: origin)
        if let reference = keywords.reference {
            guard !dialect.isJSONSchema2020 || keywords.isBareReference, let target = target(of: reference) else { return nil }
            // References to references have been followed; what is left beside one is a schema of its own.
            let next = self.node(of: target)
            return next["$ref"] == nil ? constant(next, origin: .schema) : nil
        }
        guard keywords.allOf == nil, keywords.anyOf == nil, keywords.oneOf == nil, keywords.applicators.isEmpty else { return nil }
        let kinds = declaredKinds(keywords, at: node)
        guard let value = keywords.constant ?? keywords.only, kinds?.contains(.null) != true else { return nil }
        guard [.string, .number, .true, .false].contains(value.kind), let text = Self.literal(value, as: kinds ?? .any) else { return nil }
        if kinds?.takes(ValueKinds(of: value)) ?? true { return value }
        return try? JSONDocument(parsing: text, limits: .description).root  // ours: it parses
    }
}
