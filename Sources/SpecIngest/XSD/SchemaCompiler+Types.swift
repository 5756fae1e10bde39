extension SchemaCompiler {
    /// Reads a `complexType` or `simpleType`.
    mutating func readType(_ element: XMLElement, _ component: Component, named name: XMLName?, depth: Int) -> SchemaType {
        var type = SchemaType(name: name)
        guard depth < SchemaLimits.depth else {
            note(.more, "the schema is nested too deeply; anything is accepted here", at: component.element, component)
            type.isFree = true
            return type
        }
        type.documentation = Self.documentation(element)
        if element.name.local == "simpleType" {
            readSimple(element, component, into: &type, depth: depth)
            return type
        }
        type.isAbstract = Self.isTrue(element.attribute("abstract"))
        type.isMixed = Self.isTrue(element.attribute("mixed"))
        for child in Self.schemaElements(element) {
            switch child.name.local {
            case "simpleContent", "complexContent":
                if let mixed = child.attribute("mixed") { type.isMixed = Self.isTrue(mixed) }
                for step in Self.schemaElements(child) where step.name.local == "extension" || step.name.local == "restriction" {
                    type.derivation = step.name.local == "extension" ? .extension : .restriction
                    type.base = step.attribute("base").map { typeNumber($0, step, component) }
                    if child.name.local == "simpleContent" { readFacets(step, component, into: &type, depth: depth) }
                    readContent(step, component, into: &type, depth: depth)
                }
            default: continue
            }
        }
        readContent(element, component, into: &type, depth: depth)
        return type
    }

    /// Reads the particle and the attributes that stand directly in `element`.
    private mutating func readContent(_ element: XMLElement, _ component: Component, into type: inout SchemaType, depth: Int) {
        for child in Self.schemaElements(element) {
            switch child.name.local {
            case "sequence", "choice", "all", "group":
                if let particle = readParticle(child, component, depth: depth + 1) { type.particle = particle }
            case "attribute":
                guard countParticle(component) else { continue }
                if let attribute = readAttribute(child, component, depth: depth + 1) { type.attributes.append(attribute) }
            case "attributeGroup":
                readAttributeGroup(child, component, into: &type, depth: depth + 1)
            case "anyAttribute": type.takesAnyAttribute = true
            default: continue
            }
        }
    }

    // MARK: Attributes

    private mutating func readAttribute(_ element: XMLElement, _ component: Component, depth: Int) -> SchemaAttribute? {
        let use = element.attribute("use").flatMap { SchemaAttribute.Use(rawValue: $0) } ?? .optional
        var attribute: SchemaAttribute
        if let reference = element.attribute("ref") {
            guard let name = resolve(reference, element, component) else { return nil }
            attribute = SchemaAttribute(name: name, type: 0)
            if let target = components[.attribute]?[name], countParticle(component, children: target.element.children.count) {
                attribute.type = attributeType(target.element, target, depth: depth)
                attribute.defaultValue = target.element.attribute("default")
                attribute.fixedValue = target.element.attribute("fixed")
            } else if name.namespace != XMLPrefixes.xml, name.namespace != SchemaVocabulary.soapEncoding {
                note(.unresolvedReference, "there is no attribute \(FindingLog.quoted(name.local))", at: element, component)
            }
        } else {
            guard let local = element.attribute("name") else { return nil }
            let form = element.attribute("form").map { $0 == "qualified" } ?? component.document.qualifiesAttributes
            attribute = SchemaAttribute(
                name: XMLName(namespace: form ? component.document.targetNamespace : "", local: local),
                type: attributeType(element, component, depth: depth))
        }
        attribute.use = use
        attribute.documentation = Self.documentation(element)
        attribute.defaultValue = element.attribute("default") ?? attribute.defaultValue
        attribute.fixedValue = element.attribute("fixed") ?? attribute.fixedValue
        attribute.arrayItem = element.attribute("arrayType", namespace: SchemaVocabulary.wsdl).map { arrayItem($0, element, component) }
        return attribute
    }

    /// The type of the items of `ns:T[]`; of `ns:T[][]`, an array of its own. More than one dimension is one long list.
    private mutating func arrayItem(_ text: String, _ element: XMLElement, _ component: Component) -> Int {
        let parts = text.split(separator: "[", omittingEmptySubsequences: false)
        var item = typeNumber(String(parts.first ?? ""), element, component)
        let array = set.typeNumbers[XMLName(namespace: SchemaVocabulary.soapEncoding, local: "Array")] ?? 0
        for _ in 0..<min(max(0, parts.count - 2), 8) {
            let name = XMLName(namespace: SchemaVocabulary.soapEncoding, local: "arrayType")
            let type = SchemaType(base: array, attributes: [SchemaAttribute(name: name, type: 0, arrayItem: item)])
            item = add(type, at: element, component)
        }
        return item
    }

    private mutating func attributeType(_ element: XMLElement, _ component: Component, depth: Int) -> Int {
        if let reference = element.attribute("type") { return typeNumber(reference, element, component) }
        for child in Self.schemaElements(element) where child.name.local == "simpleType" {
            return add(readType(child, component, named: nil, depth: depth + 1), at: child, component)
        }
        return set.typeNumbers[XMLName(namespace: SchemaVocabulary.namespace, local: "anySimpleType")] ?? 0
    }

    private mutating func readAttributeGroup(_ element: XMLElement, _ component: Component, into type: inout SchemaType, depth: Int) {
        guard let reference = element.attribute("ref"), let resolved = resolve(reference, element, component) else { return }
        let name = original(resolved, component)
        guard let target = components[.attributeGroup]?[name] else {
            note(.unresolvedReference, "there is no attribute group \(FindingLog.quoted(name.local))", at: element, component)
            return
        }
        let mark = XMLName(namespace: name.namespace, local: "@" + name.local)
        guard depth < SchemaLimits.depth, countParticle(component, children: target.element.children.count), enterGroup(mark) else {
            return
        }
        readContent(target.element, target, into: &type, depth: depth + 1)
        leaveGroup(mark)
    }

    // MARK: Simple types

    private mutating func readSimple(_ element: XMLElement, _ component: Component, into type: inout SchemaType, depth: Int) {
        type.simple = SchemaSimple(variety: .builtIn("anySimpleType"))
        for child in Self.schemaElements(element) {
            switch child.name.local {
            case "restriction":
                type.base = child.attribute("base").map { typeNumber($0, child, component) }
                readFacets(child, component, into: &type, depth: depth)
            case "list":
                let item = child.attribute("itemType").map { typeNumber($0, child, component) }
                type.simple = SchemaSimple(variety: .list(item ?? inlineTypes(child, component, depth: depth).first ?? 0))
            case "union":
                let named = (child.attribute("memberTypes") ?? "").split(whereSeparator: \.isWhitespace)
                let members = named.map { typeNumber(String($0), child, component) }
                type.simple = SchemaSimple(variety: .union(members + inlineTypes(child, component, depth: depth)))
            default: continue
            }
        }
    }

    private mutating func inlineTypes(_ element: XMLElement, _ component: Component, depth: Int) -> [Int] {
        var result: [Int] = []
        for child in Self.schemaElements(element) where child.name.local == "simpleType" {
            result.append(add(readType(child, component, named: nil, depth: depth + 1), at: child, component))
        }
        return result
    }

    private mutating func readFacets(_ element: XMLElement, _ component: Component, into type: inout SchemaType, depth: Int) {
        var simple = SchemaSimple()
        for child in Self.schemaElements(element) {
            let value = child.attribute("value")
            switch child.name.local {
            case "simpleType":
                type.base = add(readType(child, component, named: nil, depth: depth + 1), at: child, component)
            case "enumeration":
                // Groups are read again wherever they are used.
                if let value, simple.enumeration.count < SchemaLimits.enumeration, countParticle(component) {
                    simple.enumeration.append(value)
                }
            case "pattern": if let value, countParticle(component) { simple.patterns.append(value) }
            case "length": simple.length = Self.natural(value)
            case "minLength": simple.minimumLength = Self.natural(value)
            case "maxLength": simple.maximumLength = Self.natural(value)
            case "minInclusive": simple.minimumInclusive = value
            case "maxInclusive": simple.maximumInclusive = value
            case "minExclusive": simple.minimumExclusive = value
            case "maxExclusive": simple.maximumExclusive = value
            case "totalDigits": simple.totalDigits = Self.natural(value)
            case "whiteSpace": simple.whiteSpace = value
            default: continue
            }
        }
        type.simple = simple
    }
}
