import HubCore

/// What a schema of plain objects, `allOf` and references taken together, says about their members.
struct ObjectParts {
    /// The members, in order; those that only the other side sets are not among them.
    private(set) var properties: [(name: String, schema: JSONValue)] = []
    /// The members that must be there.
    private(set) var required: [String] = []
    /// The schema of all further members, where there is one that says something.
    var additional: JSONValue?
    /// Whether further members are refused.
    var isClosed = false
    /// Whether anything says that this is about objects.
    var isObject = false
    private var positions: [String: Int] = [:]
    private var leftOut: Set<String> = []
    private var isRequired: Set<String> = []

    /// Adds a member; a later one of the same name takes the place of an earlier one.
    mutating func add(_ name: String, _ schema: JSONValue) {
        leftOut.remove(name)
        if let position = positions[name] {
            properties[position].schema = schema
        } else {
            positions[name] = properties.count
            properties.append((name, schema))
        }
    }

    /// Notes a member that only the other side sets.
    mutating func leaveOut(_ name: String) {
        leftOut.insert(name)
    }

    /// Notes that a member must be given.
    mutating func require(_ name: String) {
        if isRequired.insert(name).inserted { required.append(name) }
    }

    /// Takes the members that only the other side sets out of both lists.
    mutating func finish() {
        guard !leftOut.isEmpty else { return }
        properties.removeAll { leftOut.contains($0.name) }
        required.removeAll { leftOut.contains($0) }
    }

    /// Whether `name` is one of the properties.
    func has(_ name: String) -> Bool { positions[name] != nil && !leftOut.contains(name) }

    /// Whether `name` must be given.
    func requires(_ name: String) -> Bool { isRequired.contains(name) && !leftOut.contains(name) }
}

extension SchemaShaper {
    private static let maximumMergedBytes = 16 << 10

    /// What the schema at `node` says about an object's members, if it is about nothing but plain objects; nil otherwise.
    ///
    /// A choice between several shapes, a pattern of names or a condition is no plain object. Alternatives that only say which
    /// members have to be there are left out: they restrict a caller, they do not tell it anything it could send.
    ///
    /// - Parameter mergesAlternatives: take the members of all shapes together, none of them required, where there is a choice.
    func plainObject(_ node: JSONValue, mergesAlternatives: Bool = false) -> ObjectParts? {
        var parts = ObjectParts()
        var visit = Visit(mergesAlternatives: mergesAlternatives)
        defer { budget.spend(parts.properties.count) }
        guard !budget.isSpent, collect(node, into: &parts, &visit, depth: 0), parts.isObject else { return nil }
        parts.finish()
        return parts
    }

    /// The merged form of a schema with `allOf` below the root, where that costs little; nil where it is better left as it is.
    func mergedObject(_ node: JSONValue) -> ObjectParts? {
        guard let parts = plainObject(node) else { return nil }
        return parts.properties.reduce(0, { $0 + $1.schema.range.count }) <= Self.maximumMergedBytes ? parts : nil
    }

    /// What the schema itself says, without what it combines or refers to.
    func ownObject(_ keywords: SchemaKeywords) -> ObjectParts {
        var parts = ObjectParts()
        collectOwn(keywords, into: &parts)
        // Together with `allOf`, a closed object would refuse what the other parts bring (JSON Schema 2020-12 §10.3.2.3).
        if keywords.allOf != nil || keywords.reference != nil { parts.isClosed = false }
        parts.finish()
        return parts
    }

    private struct Visit {
        var mergesAlternatives: Bool
        var nodes: Set<Int> = []
    }

    private func collect(_ node: JSONValue, into parts: inout ObjectParts, _ visit: inout Visit, depth: Int) -> Bool {
        guard node.kind == .object else { return node.kind == .true }
        guard depth < 24, visit.nodes.count < 256 else { return false }
        guard visit.nodes.insert(node.index).inserted else { return true }
        let keywords = SchemaKeywords(node)
        if let reference = keywords.reference {
            guard let target = target(of: reference), collect(self.node(of: target), into: &parts, &visit, depth: depth + 1)
            else { return false }
            if !dialect.isJSONSchema2020 { return true }
        }
        if let kinds = declaredKinds(keywords, at: node) {
            guard kinds == .object || kinds == [.object, .null] else { return false }
            parts.isObject = true
        }
        guard keywords.enumeration == nil, keywords.constant == nil, (keywords.patternProperties?.count ?? 0) == 0,
            keywords.applicators.allSatisfy({ $0.name == "not" || $0.name == "unevaluatedProperties" })
        else { return false }
        for branch in keywords.allOf.elementList {
            guard collect(branch, into: &parts, &visit, depth: depth + 1) else { return false }
        }
        for list in [keywords.anyOf, keywords.oneOf] {
            guard collectAlternatives(list, into: &parts, &visit, depth: depth) else { return false }
        }
        collectOwn(keywords, into: &parts)
        return true
    }

    private func collectAlternatives(_ list: JSONValue?, into parts: inout ObjectParts, _ visit: inout Visit, depth: Int) -> Bool {
        guard let list, list.kind == .array else { return true }
        let branches = list.elements.filter { $0["type"]?.isString("null") != true }
        if branches.count == 1 { return collect(branches[0], into: &parts, &visit, depth: depth + 1) }
        if visit.mergesAlternatives {
            var all = ObjectParts()
            guard branches.allSatisfy({ collect($0, into: &all, &visit, depth: depth + 1) }) else { return false }
            parts.isObject = parts.isObject || all.isObject
            for (name, schema) in all.properties where !parts.has(name) { parts.add(name, schema) }
            return true
        }
        return branches.allSatisfy { branch in
            branch.kind == .object
                && branch.members.allSatisfy { $0.name.isString("required") || $0.name.isString("not") || $0.name.isString("title") }
        }
    }

    private func collectOwn(_ keywords: SchemaKeywords, into parts: inout ObjectParts) {
        if let properties = keywords.properties {
            if properties.kind == .object {
                parts.isObject = true
            } else {
                log.add(.repaired, "`properties` has to be an object; it is left out", at: properties)
            }
            for (name, schema) in properties.members {
                // With its quotes, and before it is copied.
                guard name.range.count <= ArgumentNames.maximumWireLength + 2 else {
                    log.add(.dropped, "the name of a property is longer than \(ArgumentNames.maximumWireLength) bytes", at: schema)
                    continue
                }
                let name = name.string ?? ""
                if isLeftOut(schema) {
                    parts.leaveOut(name)
                } else {
                    parts.add(name, schema)
                    // JSON Schema draft 3 marked the property itself.
                    if schema["required"]?.bool == true { parts.require(name) }
                }
            }
        }
        if let required = keywords.required {
            if required.kind == .array {
                for name in required.elements {
                    if let name = name.string { parts.require(name) } else { log.add(.repaired, "`required` has to hold names", at: name) }
                }
            } else if required.bool == nil {
                log.add(.repaired, "`required` has to be a list of names; it is left out", at: required)
            }
        }
        switch keywords.additionalProperties?.kind {
        case .false: parts.isClosed = true
        case .object: if keywords.additionalProperties?.count ?? 0 > 0 { parts.additional = keywords.additionalProperties }
        case .null, .true, .number, .string, .array, nil: break
        }
    }

    /// Whether a property does not go this way, as its schema or the one it refers to says.
    private func isLeftOut(_ schema: JSONValue) -> Bool {
        guard schema.kind == .object else { return false }
        if schema[direction.leavesOut]?.bool == true { return true }
        guard let reference = schema["$ref"], reference.kind == .string, let target = target(of: reference) else { return false }
        let node = node(of: target)
        guard budget.spend(node.count / 4) else { return false }
        return node[direction.leavesOut]?.bool == true
    }
}
