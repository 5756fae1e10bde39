extension SchemaCompiler {
    /// Reads a particle with what is in it; nil where it may not be there at all, or nothing is known of it.
    mutating func readParticle(_ element: XMLElement, _ component: Component, depth: Int) -> SchemaParticle? {
        guard countParticle(component) else { return nil }
        guard depth < SchemaLimits.depth else {
            note(.more, "the schema is nested too deeply; the rest of this type is left out", at: component.element, component)
            return nil
        }
        let minimum = Self.natural(element.attribute("minOccurs")) ?? 1
        let maximum = element.attribute("maxOccurs") == "unbounded" ? nil : Self.natural(element.attribute("maxOccurs")) ?? max(1, minimum)
        if maximum == 0 { return nil }
        let term: SchemaParticle.Term
        switch element.name.local {
        case "element":
            guard let read = readElement(element, component, depth: depth) else { return nil }
            term = .element(read)
        case "sequence": term = .sequence(readParticles(element, component, depth: depth))
        case "choice": term = .choice(readParticles(element, component, depth: depth))
        case "all": term = .all(readParticles(element, component, depth: depth))
        case "any": term = .any
        case "group":
            guard let group = readGroup(element, component, depth: depth) else { return nil }
            term = .sequence([group])
        default: return nil
        }
        return SchemaParticle(term: term, minimum: minimum, maximum: maximum)
    }

    private mutating func readParticles(_ element: XMLElement, _ component: Component, depth: Int) -> [SchemaParticle] {
        var result: [SchemaParticle] = []
        for child in Self.schemaElements(element) {
            if let particle = readParticle(child, component, depth: depth + 1) { result.append(particle) }
        }
        return result
    }

    private mutating func readGroup(_ element: XMLElement, _ component: Component, depth: Int) -> SchemaParticle? {
        guard let reference = element.attribute("ref"), let resolved = resolve(reference, element, component) else { return nil }
        let name = original(resolved, component)
        guard let target = components[.group]?[name] else {
            note(.unresolvedReference, "there is no group \(FindingLog.quoted(name.local))", at: element, component)
            return nil
        }
        // Of a group only the first particle counts, but all that stands in it is looked at.
        guard countParticle(component, children: target.element.children.count), enterGroup(name) else { return nil }
        defer { leaveGroup(name) }
        for child in Self.schemaElements(target.element) where child.name.local != "annotation" {
            return readParticle(child, target, depth: depth + 1)
        }
        return nil
    }

    /// Reads an element in a type; nil where it has no name that can be found.
    private mutating func readElement(_ element: XMLElement, _ component: Component, depth: Int) -> SchemaElement? {
        if let reference = element.attribute("ref") {
            guard let name = resolve(reference, element, component) else { return nil }
            if let known = set.elements[name] { return known }
            note(.unresolvedReference, "there is no element \(FindingLog.quoted(name.local)); anything is accepted", at: element, component)
            return SchemaElement(name: name, type: 0, isGlobal: true, isNillable: true)
        }
        guard let local = element.attribute("name") else { return nil }
        let isQualified = element.attribute("form").map { $0 == "qualified" } ?? component.document.qualifiesElements
        let name = XMLName(namespace: isQualified ? component.document.targetNamespace : "", local: local)
        var type = 0
        if let reference = element.attribute("type") {
            type = typeNumber(reference, element, component)
        } else if let inline = Self.schemaElements(element).first(where: Self.isType) {
            type = add(readType(inline, component, named: nil, depth: depth + 1), at: inline, component)
        }
        return Self.describe(element, name: name, type: type, isGlobal: false)
    }

    static func describe(_ element: XMLElement, name: XMLName, type: Int, isGlobal: Bool) -> SchemaElement {
        SchemaElement(
            name: name, type: type, isGlobal: isGlobal, isAbstract: Self.isTrue(element.attribute("abstract")),
            isNillable: Self.isTrue(element.attribute("nillable")), defaultValue: element.attribute("default"),
            fixedValue: element.attribute("fixed"), documentation: Self.documentation(element))
    }

    // MARK: Words

    /// The name under which a redefinition finds what it redefines, if `name` means that; otherwise `name`.
    func original(_ name: XMLName, _ component: Component) -> XMLName {
        guard let original = component.original, name.local == component.element.attribute("name"),
            name.namespace == component.document.targetNamespace
        else { return name }
        return original
    }

    static func isType(_ element: XMLElement) -> Bool { element.name.local == "complexType" || element.name.local == "simpleType" }

    static func isTrue(_ text: String?) -> Bool { text == "true" || text == "1" }

    static func natural(_ text: String?) -> Int? { text.flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 } }

    static func schemaElements(_ element: XMLElement) -> [XMLElement] {
        element.elements.filter { $0.name.namespace == SchemaVocabulary.namespace }
    }

    static func documentation(_ element: XMLElement) -> String? {
        for annotation in schemaElements(element) where annotation.name.local == "annotation" {
            for child in schemaElements(annotation) where child.name.local == "documentation" {
                let text = PlainText.sentences(child.text, limit: 300)
                if !text.isEmpty { return text }
            }
        }
        return nil
    }
}
