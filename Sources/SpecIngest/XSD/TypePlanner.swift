/// Makes the plans of types, each once: a type that is met gets its plan, and so does all that can stand in it.
struct TypePlanner {
    let set: SchemaSet
    private(set) var plans = ValuePlans()
    /// The names under which schemas are shared, by type.
    let components: ComponentNames
    private var simplePlans: [Int: SimplePlan] = [:]
    private var activeSimple: Set<Int> = []
    private var waiting: [Int] = []
    private var memberCount = 0
    private var derivedCount = 0

    /// The members of all types together, and the types named as derived from others: both grow faster than the schemas do.
    private static let maximumMembers = 500_000
    private static let maximumDerived = 500_000
    private static let maximumSubstitutes = 256
    private static let maximumAlternatives = 16
    private static let maximumUnion = 16
    /// From how many values on an enumeration is shared.
    private static let sharedEnumeration = 6

    init(_ set: SchemaSet) {
        self.set = set
        components = ComponentNames(set)
        plans.prefixes = set.prefixes
        for name in SchemaVocabulary.simpleTypes {
            let name = XMLName(namespace: SchemaVocabulary.namespace, local: name)
            if let number = set.typeNumbers[name] { meet(number) }
        }
        reach(0)
    }

    /// Makes the plans of a type and of all that it leads to.
    mutating func reach(_ type: Int) {
        meet(type)
        while let next = waiting.popLast() { plans.plans[next] = plan(of: next) }
    }

    private mutating func meet(_ type: Int) {
        guard plans.plans[type] == nil else { return }
        // Holds the place until its turn comes.
        plans.plans[type] = .anything
        waiting.append(type)
        if let name = set[type].name { plans.numbers[name] = type }
    }

    private mutating func plan(of number: Int) -> TypePlan {
        let type = set[number]
        var plan = TypePlan(name: type.name, isAbstract: type.isAbstract, documentation: type.documentation)
        if let array = arrayPlan(number) {
            plan.content = .array(array)
            return plan
        }
        guard number != 0, !type.isFree, memberCount <= Self.maximumMembers else { return plan }
        let particles = set.particles(of: number)
        let attributes = set.attributes(of: number)
        let lineage = set.lineage(of: number)
        let takesAnyAttribute = lineage.contains { set[$0].takesAnyAttribute }
        let steps = particles.isEmpty ? set.simple(number) : nil
        // What is derived from a type that is missing may hold anything.
        if steps == nil, particles.isEmpty, attributes.isEmpty, lineage.contains(where: { set[$0].isFree }) { return plan }
        if steps != nil, attributes.isEmpty, !takesAnyAttribute, type.derived.isEmpty || !isComplex(number) {
            plan.content = .text(simplePlan(of: number))
            return plan
        }
        var members = MembersPlan()
        if steps != nil { members.simple = simplePlan(of: number) }
        members.isMixed = lineage.contains { set[$0].isMixed }
        members.takesAnyAttribute = takesAnyAttribute
        add(attributes, to: &members)
        var builder = ContentBuilder(
            set: set, maximumSubstitutes: Self.maximumSubstitutes, maximumParticles: Self.maximumMembers - memberCount)
        members.content = particles.map { builder.particle($0) }
        // What an extension of a missing type inherits is not known, and comes first.
        if lineage.contains(where: { set[$0].base == 0 && set[$0].derivation == .extension }), steps == nil {
            members.content.insert(builder.anything, at: 0)
        }
        builder.finish(&members, maximumAlternatives: Self.maximumAlternatives)
        memberCount += builder.particleCount + members.attributes.count
        for member in members.members { meet(member.element.type) }
        addDerived(of: number, to: &plan)
        plan.content = .members(members)
        return plan
    }

    private func isComplex(_ number: Int) -> Bool {
        let type = set[number]
        if !type.attributes.isEmpty || type.particle != nil || type.derivation == .extension { return true }
        return type.base.map { set[$0].name?.namespace != SchemaVocabulary.namespace && isComplexBase($0) } ?? (type.simple == nil)
    }

    private func isComplexBase(_ number: Int) -> Bool {
        set.lineage(of: number).contains { !set[$0].attributes.isEmpty || set[$0].derivation == .extension || set[$0].particle != nil }
    }

    // MARK: Derived types

    private mutating func addDerived(of number: Int, to plan: inout TypePlan) {
        var found: [Int] = []
        var seen: Set<Int> = [number]
        var next = Array(set[number].derived.reversed())
        while let type = next.popLast(), derivedCount < Self.maximumDerived {
            guard seen.insert(type).inserted else { continue }
            derivedCount += 1
            // A type without a name cannot be asked for; that of a redefinition's base has one no message can hold.
            if let name = set[type].name, NCName.isName(name.local) { found.append(type) }
            next += set[type].derived.reversed()
        }
        guard !found.isEmpty else { return }
        var counts: [String: Int] = [set[number].name?.local ?? "": 1]
        for type in found { counts[set[type].name?.local ?? "", default: 0] += 1 }
        if ([number] + found).contains(where: { hasTypeAttribute($0) }) { plan.typeMember = "@xsi:type" }
        for type in found {
            meet(type)
            guard !set[type].isAbstract, let name = set[type].name else { continue }
            plan.addDerived(counts[name.local] == 1 ? name.local : "{\(name.namespace)}\(name.local)", type)
        }
    }

    private func hasTypeAttribute(_ number: Int) -> Bool {
        set.lineage(of: number).contains { set[$0].attributes.contains { $0.name.local == "type" } }
    }

    // MARK: Attributes

    private mutating func add(_ attributes: [SchemaAttribute], to members: inout MembersPlan) {
        var names = UniqueNames()
        for attribute in attributes where attribute.arrayItem == nil {
            let name = names.take("@" + attribute.name.local)
            members.attributeNumbers[name] = members.attributes.count
            members.attributes.append(
                MembersPlan.Attribute(name: name, attribute: attribute, simple: simplePlan(of: attribute.type)))
        }
    }

    // MARK: Arrays

    private mutating func arrayPlan(_ number: Int) -> ArrayPlan? {
        let lineage = set.lineage(of: number)
        guard let base = arrayBase(lineage) else { return nil }
        var array = ArrayPlan(
            item: 0, itemName: "item", encoding: base.namespace,
            itemType: XMLName(namespace: SchemaVocabulary.namespace, local: "anyType"))
        for type in lineage {
            if let element = Self.onlyElement(in: set[type].particle, depth: 0) {
                array.item = element.type
                array.itemName = element.name.local
            }
            if let item = set[type].attributes.lazy.compactMap(\.arrayItem).first { array.item = item }
        }
        meet(array.item)
        if let name = set[array.item].name {
            array.itemType = name
        } else if arrayBase(set.lineage(of: array.item)) != nil {
            array.itemType = base
        }
        return array
    }

    /// The array of the encoding that a type comes from; nil where it is none.
    private func arrayBase(_ lineage: [Int]) -> XMLName? {
        guard let base = lineage.first.flatMap({ set[$0].name }), base.local == "Array", SchemaVocabulary.encodings.contains(base.namespace)
        else { return nil }
        return base
    }

    private static func onlyElement(in particle: SchemaParticle?, depth: Int) -> SchemaElement? {
        guard let particle, depth < 8 else { return nil }
        switch particle.term {
        case .element(let element): return element
        case .sequence(let inner), .choice(let inner), .all(let inner):
            return inner.count == 1 ? onlyElement(in: inner[0], depth: depth + 1) : nil
        case .any: return nil
        }
    }

    // MARK: Simple types

    /// The plan of a simple type, or of the text of a complex one.
    mutating func simplePlan(of number: Int) -> SimplePlan {
        if let known = simplePlans[number] { return known }
        // Lists of lists and unions of unions, each a name of its own, may be as many as there are types.
        guard activeSimple.count < SchemaLimits.lineage, let steps = set.simple(number), activeSimple.insert(number).inserted else {
            return .text
        }
        defer { activeSimple.remove(number) }
        var plan = SimplePlan.builtIn("anySimpleType")
        for step in steps {
            switch step.variety {
            case .same: break
            case .builtIn(let name): plan = .builtIn(name)
            case .list(let item):
                var inner = simplePlan(of: item)
                if case .list = inner.kind { inner = SimplePlan(kind: .string(format: nil)) }
                plan = SimplePlan(kind: .list(inner))
            case .union(let members): plan = SimplePlan(kind: .union(union(of: members)), whiteSpace: .preserve)
            }
            plan.narrow(by: step)
        }
        if plan.enumeration.count > Self.sharedEnumeration { plan.component = components.names[number] }
        simplePlans[number] = plan
        return plan
    }

    private mutating func union(of members: [Int]) -> [SimplePlan] {
        var result: [SimplePlan] = []
        for member in members {
            let plan = simplePlan(of: member)
            if case .union(let inner) = plan.kind, plan.enumeration.isEmpty { result += inner } else { result.append(plan) }
            if result.reduce(0, { $0 + $1.breadth }) > Self.maximumUnion { return [SimplePlan.builtIn("anySimpleType")] }
        }
        return result.isEmpty ? [.text] : result
    }

    /// The simple types whose schemas are shared, in the order of the schemas.
    var sharedSimple: [(name: String, plan: SimplePlan)] {
        simplePlans.sorted { $0.key < $1.key }.compactMap { number, plan in plan.component.map { ($0, plan) } }
    }
}

extension SimplePlan {
    /// How many types of single values it consists of: unions of lists of unions double with each step.
    fileprivate var breadth: Int {
        switch kind {
        case .list(let item): item.breadth
        case .union(let members): members.reduce(0) { $0 + $1.breadth }
        case .scalar, .string, .boolean, .integer, .decimal, .float, .base64, .hexadecimal, .name: 1
        }
    }

    /// Takes a further step of a derivation into account.
    fileprivate mutating func narrow(by step: SchemaSimple) {
        if !step.enumeration.isEmpty { enumeration = step.enumeration }
        if case .string = kind, !step.patterns.isEmpty, let pattern = SchemaPattern.translate(step.patterns) { patterns.append(pattern) }
        if let length = step.length { (minimumLength, maximumLength) = (length, length) }
        minimumLength = step.minimumLength ?? minimumLength
        maximumLength = step.maximumLength ?? maximumLength
        switch step.whiteSpace {
        case "preserve": whiteSpace = .preserve
        case "replace": whiteSpace = .replace
        case "collapse": whiteSpace = .collapse
        default: break
        }
        for (text, isExclusive) in [(step.minimumInclusive, false), (step.minimumExclusive, true)] {
            if let digits = text.flatMap({ NumberText($0)?.json }) { minimum = Bound(digits: digits, isExclusive: isExclusive) }
        }
        for (text, isExclusive) in [(step.maximumInclusive, false), (step.maximumExclusive, true)] {
            if let digits = text.flatMap({ NumberText($0)?.json }) { maximum = Bound(digits: digits, isExclusive: isExclusive) }
        }
        switch kind {
        case .integer:
            let isBounded = [minimum, maximum].allSatisfy { $0.map { $0.digits.utf8.count <= Self.exactDigits } ?? false }
            if isBounded || step.totalDigits.map({ $0 <= Self.exactDigits }) == true { isShort = true }
        case .decimal: if step.totalDigits.map({ $0 <= Self.exactDigits }) == true { isShort = true }
        case .scalar, .string, .boolean, .float, .base64, .hexadecimal, .name, .list, .union: break
        }
    }
}
