import HubCore

/// Compiles the `xml` objects of a body's schema. Past a bound of schemas, what lies deeper is written by the names of its members.
struct XMLPlanner {
    private static let maximumNodes = 512
    private static let maximumNamespaceBytes = 256
    private let reading: DescriptionReading
    private var nodes: [XMLPlan.Node] = []
    private var numbers: [Int: Int] = [:]

    private init(_ reading: DescriptionReading) { self.reading = reading }

    /// The plan of the body whose schema is at `node`.
    static func plan(_ node: JSONValue, _ reading: DescriptionReading) -> XMLPlan {
        var planner = XMLPlanner(reading)
        _ = planner.number(of: node)
        // The name of a shared schema is that of its element (OpenAPI 3.1.1 §4.8.26).
        let shared = node["$ref"]?.string?.split(separator: "/").last.map { PercentEncoding.decodeWherePossible($0) }
        return XMLPlan(nodes: planner.nodes, rootName: shared.map { NCName.repaired($0) } ?? "root")
    }

    private mutating func number(of node: JSONValue) -> Int? {
        if let known = numbers[node.index] { return known }
        guard nodes.count < Self.maximumNodes, reading.budget.spend(WorkBudget.argument / 4) else { return nil }
        let number = nodes.count
        numbers[node.index] = number
        nodes.append(XMLPlan.Node())
        let schema = reading.shaper.resolved(node)
        var plan = self.node(schema)
        apply(words(node), to: &plan)
        if plan.isList {
            // Text and attributes hold lists as text; `nodeType: element` is the `wrapped` of 3.2.
            plan.isList = plan.kind == .element || plan.kind == .none
            if plan.kind == .none { plan.kind = .element }
        }
        nodes[number] = plan
        if let items = schema["items"], items.kind == .object, let item = self.number(of: items) {
            nodes[number].items = item
            if nodes[item].kind == .attribute { nodes[item].kind = .element }
        }
        if let parts = reading.shaper.plainObject(schema, mergesAlternatives: true) {
            for (name, schema) in parts.properties {
                guard let member = self.number(of: schema) else { break }
                nodes[number].members[name] = member
                guard nodes[member].name == nil, !NCName.isValid(name) else { continue }
                reading.log.add(.repaired, "\(FindingLog.quoted(name)) is no name in XML; its nearest is sent", at: schema)
                nodes[member].name = NCName.repaired(name)
            }
        }
        return number
    }

    private func node(_ schema: JSONValue) -> XMLPlan.Node {
        var node = XMLPlan.Node()
        node.isList = schema["items"] != nil || schema["type"]?.isString("array") == true
        return node
    }

    // The `xml` object that holds for a schema: its own, or that of what it refers to. Beside `$ref` 3.0 reads nothing.
    private func words(_ node: JSONValue, depth: Int = 0) -> JSONValue? {
        guard depth < 8, node.kind == .object else { return nil }
        let isReference = node["$ref"]?.kind == .string
        if let own = node["xml"], own.kind == .object, !isReference || reading.shaper.dialect.isJSONSchema2020 { return own }
        if isReference {
            let target = reading.shaper.resolved(node)
            return target.index == node.index ? nil : words(target, depth: depth + 1)
        }
        guard let branches = node["allOf"], branches.kind == .array, branches.count == 1 else { return nil }
        return branches.elements.first { _ in true }.flatMap { words($0, depth: depth + 1) }
    }

    private func apply(_ words: JSONValue?, to node: inout XMLPlan.Node) {
        guard let words else { return }
        node.namespace = words["namespace"]?.string.flatMap { $0.isEmpty || $0.utf8.count > Self.maximumNamespaceBytes ? nil : $0 }
        node.prefix = words["prefix"]?.string.flatMap { NCName.isValid($0) ? $0 : nil }
        // "##default" is what generators write for "no name given".
        if let name = words["name"]?.string, !name.isEmpty, name != "##default" {
            let pieces = name.split(separator: ":", maxSplits: 1).map(String.init)
            if pieces.count == 2, node.prefix == nil, NCName.isValid(pieces[0]) { node.prefix = pieces[0] }
            let local = pieces.last ?? name
            node.name = NCName.isValid(local) ? local : NCName.repaired(local)
            if node.name != local { reading.log.add(.repaired, "\(FindingLog.quoted(name)) is no name in XML", at: words) }
        }
        if words["attribute"]?.bool == true { node.kind = .attribute }
        node.isWrapped = words["wrapped"]?.bool == true
        if let kind = words["nodeType"]?.string.flatMap({ XMLPlan.Kind(rawValue: $0) }) {
            node.kind = kind
            node.isWrapped = kind == .element
        }
        // These two are bound for ever and may not be declared (Namespaces in XML §3).
        if node.prefix == "xml" || node.prefix == "xmlns" {
            node.namespace = nil
            if node.kind != .attribute { node.prefix = nil }
        }
    }
}
