import HubCore

extension ValueReader {
    /// Writes an element as the object of its type.
    mutating func write(
        _ element: XMLElement, _ plan: MembersPlan, typeMember: (name: String, word: String)?, to json: inout JSONWriter
    ) {
        var used: Set<String> = []
        json.beginObject()
        if let typeMember {
            used.insert(typeMember.name)
            json.member(typeMember.name, typeMember.word)
        }
        writeAttributes(of: element, plan, &used, to: &json)
        if let simple = plan.simple, !element.children.contains(where: Self.isElement) {
            json.key(MembersPlan.text)
            simple.write(element.text, prefixes: element.prefixes, to: &json)
            return json.endObject()
        }
        let text = element.text
        let hasText = !text.unicodeScalars.allSatisfy(SimplePlan.isSpace)
        if plan.isMixed, hasText, element.children.contains(where: Self.isElement) {
            json.member(MembersPlan.xml, Self.inner(element))
            return json.endObject()
        }
        if hasText { json.member(MembersPlan.text, text) }
        writeElements(of: element, plan, &used, to: &json)
        json.endObject()
    }

    private func writeAttributes(of element: XMLElement, _ plan: MembersPlan, _ used: inout Set<String>, to json: inout JSONWriter) {
        var rest = element.attributes.filter { isData($0.name) }
        for attribute in plan.attributes {
            guard let index = rest.firstIndex(where: { $0.name == attribute.attribute.name }) else { continue }
            used.insert(attribute.name)
            json.key(attribute.name)
            attribute.simple.write(rest[index].value, prefixes: element.prefixes, to: &json)
            rest.remove(at: index)
        }
        for attribute in rest where used.insert("@" + attribute.name.local).inserted {
            json.member("@" + attribute.name.local, attribute.value)
        }
    }

    private mutating func writeElements(
        of element: XMLElement, _ plan: MembersPlan, _ used: inout Set<String>, to json: inout JSONWriter
    ) {
        var found: [Int: [XMLElement]] = [:]
        var others: [XMLElement] = []
        for child in element.elements {
            let exact = plan.elementNumbers[child.name]
            if let number = exact ?? (plan.any == nil ? plan.localNumbers[child.name.local] : nil) {
                found[number, default: []].append(child)
            } else {
                others.append(child)
            }
        }
        for (number, member) in plan.members.enumerated() {
            guard let elements = found[number] else { continue }
            json.key(member.name)
            used.insert(member.name)
            let isArray = member.isArray || elements.count > 1
            if isArray { json.beginArray() }
            for child in elements { write(child, as: member.element, to: &json) }
            if isArray { json.endArray() }
        }
        guard !others.isEmpty else { return }
        if plan.any == nil, others.allSatisfy({ !used.contains($0.name.local) }) { return writeGroups(others, to: &json) }
        json.key(MembersPlan.any)
        let isArray = plan.isAnyArray || others.count > 1
        if isArray { json.beginArray() }
        for other in others { writeXML(other, to: &json) }
        if isArray { json.endArray() }
    }

    /// Writes elements as members by their local names, those of one name as an array.
    private mutating func writeGroups(_ elements: [XMLElement], to json: inout JSONWriter) {
        var order: [String] = []
        var groups: [String: [XMLElement]] = [:]
        for element in elements {
            if groups[element.name.local] == nil { order.append(element.name.local) }
            groups[element.name.local, default: []].append(element)
        }
        for name in order {
            let group = groups[name] ?? []
            json.key(name)
            if group.count > 1 { json.beginArray() }
            for element in group { write(element, as: nil, to: &json) }
            if group.count > 1 { json.endArray() }
        }
    }

    /// Writes an element of which nothing is known.
    mutating func writeFreely(_ element: XMLElement, to json: inout JSONWriter) {
        let attributes = element.attributes.filter { isData($0.name) }
        let elements = Array(element.elements)
        let text = element.text
        guard !attributes.isEmpty || !elements.isEmpty else { return json.string(text) }
        var used: Set<String> = []
        json.beginObject()
        for attribute in attributes where used.insert(attribute.name.local).inserted {
            json.member("@" + attribute.name.local, attribute.value)
        }
        if !text.unicodeScalars.allSatisfy(SimplePlan.isSpace) { json.member(MembersPlan.text, text) }
        writeGroups(elements, to: &json)
        json.endObject()
    }

    // MARK: XML

    private func writeXML(_ element: XMLElement, to json: inout JSONWriter) {
        guard isWithinBounds(json) else { return json.null() }
        json.string(XMLFragment.text(element) ?? "")
    }

    private static func inner(_ element: XMLElement) -> String {
        var result = ""
        for child in element.children {
            switch child {
            case .element(let child): result += XMLFragment.text(child) ?? ""
            case .text(let text):
                for byte in text.unicodeScalars {
                    if byte.isASCII, let reference = XMLText.reference(for: UInt8(truncatingIfNeeded: byte.value), inAttribute: false) {
                        result += reference
                    } else {
                        result.unicodeScalars.append(byte)
                    }
                }
            case .name: continue
            }
        }
        return result
    }

    private static func isElement(_ node: XMLNode) -> Bool { if case .element = node { true } else { false } }

    /// Whether an attribute says something, and not only how the message is to be read.
    private func isData(_ name: XMLName) -> Bool {
        switch name.namespace {
        // Where others refer to it, an element has an `id` for that.
        case "" where references != nil: name.local != "id" && name.local != "href"
        case SchemaVocabulary.instance, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope": false
        default: !SchemaVocabulary.encodings.contains(name.namespace)
        }
    }
}
