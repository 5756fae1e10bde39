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
        if let simple = plan.simple, !element.children.contains(where: \.isElement) {
            json.key(MembersPlan.text)
            simple.write(element.text, prefixes: element.prefixes, to: &json)
            return json.endObject()
        }
        let text = element.text
        let hasText = !text.unicodeScalars.allSatisfy(SimplePlan.isSpace)
        if plan.isMixed, hasText, element.children.contains(where: \.isElement) {
            json.key(MembersPlan.xml)
            if let xml = inner(element) { json.string(xml) } else { json.null() }
            return json.endObject()
        }
        if hasText { json.member(MembersPlan.text, text) }
        writeElements(of: element, plan, &used, to: &json)
        json.endObject()
    }

    private func writeAttributes(of element: XMLElement, _ plan: MembersPlan, _ used: inout Set<String>, to json: inout JSONWriter) {
        var rest = element.attributes.filter { isData($0.name) }
        for attribute in plan.attributes {
            guard !rest.isEmpty else { break }
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
        for (number, elements) in found.sorted(by: { $0.key < $1.key }) {
            let member = plan.members[number]
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

    /// What stands in an element, as XML; nil where that is more than may be written.
    private func inner(_ element: XMLElement) -> String? {
        var result: [UInt8] = []
        for child in element.children {
            // Each part declares its namespaces again.
            guard result.count <= maximumBytes else { return nil }
            switch child {
            case .element(let child): result += Array((XMLFragment.text(child) ?? "").utf8)
            case .text(let text): XMLText.append(text, inAttribute: false, to: &result)
            case .name: continue
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether an attribute says something, and not only how the message is to be read.
    private func isData(_ name: XMLName) -> Bool {
        switch name.namespace {
        // Where others refer to it, an element has an `id` for that.
        case "" where references != nil: name.local != "id" && name.local != "href"
        case SchemaVocabulary.instance, SOAPVersion.soap11.envelope, SOAPVersion.soap12.envelope: false
        default: !SchemaVocabulary.encodings.contains(name.namespace)
        }
    }
}
