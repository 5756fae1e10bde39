/// Makes a `SchemaSet` of schemas: finds every name, follows groups, numbers the types.
///
/// 1. Every component at the top of every schema is entered under its name; of two, the first counts, except that a
///    redefinition takes the place of what it redefines, which stays reachable for it alone.
/// 2. Every type at the top, and every type of an element at the top, gets its number; then they are read. So types may contain
///    themselves, and no order matters.
/// 3. What is missing, or goes past a limit, takes anything in its place, with one finding.
struct SchemaCompiler {
    /// A component at the top of a schema.
    struct Component {
        var element: XMLElement
        var document: SchemaDocument
        /// The name under which a redefinition finds what it redefines.
        var original: XMLName?
    }

    /// The kinds of component, which have names of their own (XML Schema Part 1 §2.5).
    enum Kind: String {
        case type
        case element
        case group
        case attribute
        case attributeGroup
    }

    private(set) var set = SchemaSet()
    private(set) var findings: [SchemaFinding] = []
    var components: [Kind: [XMLName: Component]] = [:]
    private var order: [Kind: [XMLName]] = [:]
    private var particleCount = 0
    private var activeGroups: Set<XMLName> = []
    private var seen: Set<SchemaFinding> = []

    /// Compiles schemas in the order in which they were read: what is redefined before its redefinition.
    static func compile(_ documents: [SchemaDocument]) -> (set: SchemaSet, findings: [SchemaFinding]) {
        var compiler = SchemaCompiler()
        compiler.addBuiltIns()
        for document in documents { compiler.enter(document) }
        for document in documents.prefix(1_000) {
            compiler.set.prefixes.merge(document.root.prefixes.all) { first, _ in first }
        }
        compiler.run()
        return (compiler.set, compiler.findings)
    }

    private mutating func addBuiltIns() {
        let name = { (local: String) in XMLName(namespace: SchemaVocabulary.namespace, local: local) }
        set.typeNumbers[name("anyType")] = 0
        set.typeNumbers[name("ur-type")] = 0
        for local in SchemaVocabulary.simpleTypes {
            // The SOAP encoding has a twin of each (SOAP 1.1 §5.2); its schema is often missing.
            for namespace in SchemaVocabulary.encodings + SchemaVocabulary.drafts {
                set.typeNumbers[XMLName(namespace: namespace, local: local)] = set.types.count
            }
            set.typeNumbers[name(local)] = set.types.count
            set.types.append(SchemaType(name: name(local), simple: SchemaSimple(variety: .builtIn(local))))
        }
        let base64 = XMLName(namespace: SchemaVocabulary.soapEncoding, local: "base64")
        set.typeNumbers[base64] = set.typeNumbers[name("base64Binary")]
        for namespace in SchemaVocabulary.encodings {
            let array = XMLName(namespace: namespace, local: "Array")
            set.typeNumbers[array] = set.types.count
            set.types.append(SchemaType(name: array, takesAnyAttribute: true, isFree: true))
        }
    }

    private mutating func enter(_ document: SchemaDocument) {
        for element in document.root.elements where element.name.namespace == SchemaVocabulary.namespace {
            let kind: Kind
            switch element.name.local {
            case "complexType", "simpleType": kind = .type
            case "element": kind = .element
            case "group": kind = .group
            case "attribute": kind = .attribute
            case "attributeGroup": kind = .attributeGroup
            default: continue
            }
            guard let local = element.attribute("name") else { continue }
            let name = XMLName(namespace: document.targetNamespace, local: local)
            var component = Component(element: element, document: document)
            if let before = components[kind]?[name] {
                guard document.isRedefinition else { continue }
                // With a space and a number that only grows: nothing else has this name.
                let original = XMLName(namespace: name.namespace, local: "\(local) redefined \(order[kind]?.count ?? 0)")
                components[kind, default: [:]][original] = before
                order[kind, default: []].append(original)
                component.original = original
            } else {
                order[kind, default: []].append(name)
            }
            components[kind, default: [:]][name] = component
        }
    }

    private mutating func run() {
        let types = (order[.type] ?? []).filter { set.typeNumbers[$0] == nil }
        for name in types {
            set.typeNumbers[name] = set.types.count
            set.types.append(SchemaType(name: name, isFree: true))
        }
        let pending = enterElements()
        for name in types {
            guard let number = set.typeNumbers[name], let component = components[.type]?[name] else { continue }
            set.types[number] = readType(component.element, component, named: name, depth: 0)
        }
        for (number, type, component) in pending where number != 0 {
            set.types[number] = readType(type, component, named: nil, depth: 0)
        }
        for name in types {
            guard let number = set.typeNumbers[name], let base = set[number].base, base != 0 else { continue }
            set.types[base].derived.append(number)
        }
    }

    /// Enters the elements at the top, and gives the types inside them a number, so that no order of references matters.
    private mutating func enterElements() -> [(number: Int, type: XMLElement, component: Component)] {
        var pending: [(number: Int, type: XMLElement, component: Component)] = []
        var heads: [XMLName: XMLName] = [:]
        var untyped: [XMLName] = []
        for name in order[.element] ?? [] {
            guard let component = components[.element]?[name] else { continue }
            let element = component.element
            var number = 0
            if let reference = element.attribute("type") {
                number = typeNumber(reference, element, component)
            } else if let inline = Self.schemaElements(element).first(where: Self.isType) {
                number = add(SchemaType(isFree: true), at: inline, component)
                pending.append((number, inline, component))
            } else {
                untyped.append(name)
            }
            set.elements[name] = Self.describe(element, name: name, type: number, isGlobal: true)
            if let head = element.attribute("substitutionGroup"), let target = resolve(head, element, component), target != name {
                heads[name] = target
                set.substitutes[target, default: []].append(name)
            }
        }
        // XML Schema Part 1 §3.3.2: an element without a type has that of the head of its substitution group.
        for name in untyped {
            var head = heads[name]
            for _ in 0..<SchemaLimits.lineage {
                guard let current = head, set.elements[name]?.type == 0 else { break }
                let type = set.elements[current]?.type ?? 0
                set.elements[name]?.type = type
                head = heads[current]
            }
        }
        return pending
    }

    // MARK: For the readers of components

    /// Notes something, once.
    mutating func note(_ kind: IngestFinding.Kind, _ message: String, at element: XMLElement, _ component: Component) {
        let finding = SchemaFinding(kind: kind, message: message, path: component.document.path, position: element.position)
        guard findings.count < 2_000, seen.insert(finding).inserted else { return }
        findings.append(finding)
    }

    /// The name a reference means, or nil with a finding.
    mutating func resolve(_ reference: String, _ element: XMLElement, _ component: Component) -> XMLName? {
        if let name = component.document.resolve(reference, at: element) { return name }
        note(.unresolvedReference, "the prefix of \(FindingLog.quoted(reference)) is not declared", at: element, component)
        return nil
    }

    /// The number of the type a reference means; that of `anyType`, with a finding, where there is none.
    mutating func typeNumber(_ reference: String, _ element: XMLElement, _ component: Component) -> Int {
        guard let name = resolve(reference, element, component) else { return 0 }
        if let number = set.typeNumbers[original(name, component)] ?? set.typeNumbers[name] { return number }
        note(.unresolvedReference, "there is no type \(FindingLog.quoted(name.local)); anything is accepted", at: element, component)
        return 0
    }

    /// Adds a type without a name.
    mutating func add(_ type: SchemaType, at element: XMLElement, _ component: Component) -> Int {
        guard set.types.count < SchemaLimits.types else {
            note(.more, "there are too many types; the rest take anything", at: component.element, component)
            return 0
        }
        set.types.append(type)
        return set.types.count - 1
    }

    /// Counts a particle; false, with a finding, past the limit.
    mutating func countParticle(_ component: Component, children: Int = 0) -> Bool {
        particleCount += 1 + children / 4
        if particleCount <= SchemaLimits.particles { return true }
        note(.more, "the schema is too large; the rest of this type is left out", at: component.element, component)
        return false
    }

    /// Enters a group; false where it contains itself.
    mutating func enterGroup(_ name: XMLName) -> Bool { activeGroups.insert(name).inserted }

    /// Leaves a group.
    mutating func leaveGroup(_ name: XMLName) { activeGroups.remove(name) }
}
