import HubCore

extension ValueWriter {
    /// What stands in an element, or an attribute, for a value of a simple type.
    func nodes(of value: JSONValue, _ plan: SimplePlan) throws(HubError) -> [XMLNode] {
        if case .list(let item) = plan.kind, value.kind == .array {
            return try list(value, item)
        }
        if case .list(let item) = plan.kind, value.kind != .string { return try nodes(of: value, item) }
        if case .name = plan.kind {
            guard let text = value.string else { throw refusal("must be a name as \"{namespace}local\"") }
            return try names(text)
        }
        let text = try text(of: value, plan)
        return text.isEmpty ? [] : [.text(try allowed(text))]
    }

    private func names(_ text: String) throws(HubError) -> [XMLNode] {
        guard let name = plans.name(SimplePlan.collapsed(text)) else {
            throw refusal("must be a name as \"{namespace}local\", or one with a prefix of the schema")
        }
        return [.name(name)]
    }

    private func list(_ value: JSONValue, _ item: SimplePlan) throws(HubError) -> [XMLNode] {
        var (nodes, text) = ([XMLNode](), "")
        for (index, element) in value.elements.enumerated() {
            if index > 0 { text += " " }
            for node in try self.nodes(of: element, item) {
                if case .text(let part) = node {
                    text += part
                } else {
                    if !text.isEmpty { nodes.append(.text(text)) }
                    nodes.append(node)
                    text = ""
                }
            }
        }
        if !text.isEmpty { nodes.append(.text(text)) }
        return nodes
    }

    private func text(of value: JSONValue, _ plan: SimplePlan) throws(HubError) -> String {
        switch plan.kind {
        case .scalar, .string, .name: return plan.normalized(try scalar(value))
        case .boolean:
            switch value.bool.map({ $0 ? "true" : "false" }) ?? value.string.map(SimplePlan.collapsed) ?? value.numberText {
            case "true", "1": return "true"
            case "false", "0": return "false"
            default: throw refusal("must be true or false")
            }
        case .integer:
            guard let digits = number(value)?.integerDigits else { throw refusal("must be an integer") }
            return digits
        case .decimal:
            guard let digits = number(value)?.decimalDigits else { throw refusal("must be a decimal number") }
            return digits
        case .float:
            if let text = value.string.map(SimplePlan.collapsed), SimplePlan.specialNumbers.contains(text) { return text }
            guard let number = number(value) else { throw refusal("must be a number, \"INF\", \"-INF\" or \"NaN\"") }
            return value.numberText ?? number.json
        case .base64:
            guard let content = value.string.flatMap({ FileContent($0) }) else { throw refusal("must be Base64, or a data: URI") }
            return Base64.encode(content.bytes)
        case .hexadecimal:
            guard let content = value.string.flatMap({ FileContent($0) }) else { throw refusal("must be Base64, or a data: URI") }
            return HexadecimalText.text(content.bytes)
        case .list: return SimplePlan.collapsed(try scalar(value))
        case .union(let members): return try union(value, members)
        }
    }

    /// The text of the first member of a union that has the value; bytes and names among them are text already.
    private func union(_ value: JSONValue, _ members: [SimplePlan]) throws(HubError) -> String {
        if value.kind == .array {
            var parts: [String] = []
            for element in value.elements { parts.append(SimplePlan.collapsed(try scalar(element))) }
            return parts.joined(separator: " ")
        }
        let text = try scalar(value)
        for member in members where member.fits(text) {
            switch member.kind {
            case .base64, .hexadecimal, .name: return SimplePlan.collapsed(text)
            default: return try self.text(of: value, member)
            }
        }
        return text
    }

    private func number(_ value: JSONValue) -> NumberText? { (value.numberText ?? value.string).flatMap { NumberText($0) } }

    /// The text of a value that is neither an object nor an array.
    func scalar(_ value: JSONValue) throws(HubError) -> String {
        switch value.kind {
        case .string: return value.string ?? ""
        case .number: return value.numberText ?? ""
        case .true: return "true"
        case .false: return "false"
        case .null: throw refusal("must not be null")
        case .array: throw refusal("must be a single value")
        case .object: throw refusal("must not be an object")
        }
    }

    /// The text, if XML can hold it.
    func allowed(_ text: String) throws(HubError) -> String {
        guard let forbidden = XMLText.forbidden(in: text) else { return text }
        throw refusal("must not contain \(forbidden), which XML cannot hold")
    }

    /// An attribute with a value of a simple type.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - value: Its value.
    ///   - simple: The type.
    ///   - element: The element it belongs to, which declares the prefixes of several names in one value.
    func add(_ name: XMLName, _ value: JSONValue, _ simple: SimplePlan, to element: inout XMLElement) throws(HubError) {
        let nodes = try nodes(of: value, simple)
        var attribute = XMLAttribute(name: name, value: "")
        for node in nodes {
            switch node {
            case .text(let text): attribute.value += text
            case .name(let reference) where nodes.count == 1: attribute.reference = reference
            case .name(let reference) where reference.namespace.isEmpty: attribute.value += reference.local
            case .name(let reference):
                let known = element.declarations.first { $0.value == reference.namespace }?.key
                let prefix = known ?? "q\(element.declarations.count + 1)"
                element.declarations[prefix] = reference.namespace
                attribute.value += prefix + ":" + reference.local
            case .element: continue
            }
        }
        element.attributes.append(attribute)
    }
}
