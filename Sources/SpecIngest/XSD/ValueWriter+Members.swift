import HubCore

extension ValueWriter {
    /// The values of one object, by the numbers of members, with how many of each have been written.
    struct Cursor {
        var values: [[JSONValue]]
        var isArray: [Bool]
        var next: [Int]
        /// What stands for elements without a member.
        var any: [JSONValue] = []
        var nextAny = 0
        /// How many have been written of all.
        var written: Int = 0

        func remaining(_ member: Int) -> Int { values[member].count - next[member] }

        /// Whether something is left for what is in a particle.
        func has(_ particle: MembersPlan.Particle) -> Bool {
            switch particle {
            case .member(let member, _): remaining(member) > 0
            case .any: nextAny < any.count
            case .sequence(let inner, _), .choice(let inner, _): inner.contains { has($0) }
            }
        }

        /// How many members something is left for, of those in a particle.
        func count(_ particle: MembersPlan.Particle) -> Int {
            switch particle {
            case .member(let member, _): remaining(member) > 0 ? 1 : 0
            case .any: nextAny < any.count ? 1 : 0
            case .sequence(let inner, _): inner.reduce(0) { $0 + count($1) }
            case .choice(let inner, _): inner.reduce(0) { max($0, count($1)) }
            }
        }

        /// Whether nothing that a particle demands is missing.
        func satisfies(_ particle: MembersPlan.Particle, _ plan: MembersPlan) -> Bool {
            guard particle.occurrence.minimum > 0 else { return true }
            switch particle {
            case .member(let member, _):
                return remaining(member) > 0 || plan.members[member].element.isNillable || plan.members[member].element.standingValue != nil
            case .any: return true
            case .sequence(let inner, _): return inner.allSatisfy { satisfies($0, plan) }
            case .choice(let inner, _): return inner.contains { satisfies($0, plan) }
            }
        }
    }

    /// Fills an element with the members of an object.
    mutating func fill(_ element: inout XMLElement, _ plan: MembersPlan, _ given: some Sequence<Given>) throws(HubError) {
        try spend(plan.members.count + 1)
        var cursor = Cursor(
            values: Array(repeating: [], count: plan.members.count), isArray: Array(repeating: false, count: plan.members.count),
            next: Array(repeating: 0, count: plan.members.count))
        var attributes: [Int: Given] = [:]
        var others: [Given] = []
        var (text, xml): (JSONValue?, JSONValue?) = (nil, nil)
        var steps: [Int: Step] = [:]
        for member in given {
            if let number = plan.memberNumbers[member.name] {
                steps[number] = member.argument.map { .argument($0) }
                cursor.isArray[number] = plan.members[number].isArray && member.value.kind == .array
                cursor.values[number] = try values(member, plan.members[number])
            } else if let number = plan.attributeNumbers[member.name] {
                if !member.value.isNull { attributes[number] = member }
            } else if member.name == MembersPlan.text, plan.simple != nil || plan.isMixed {
                text = member.value.isNull ? nil : member.value
            } else if member.name == MembersPlan.xml, plan.isMixed {
                xml = member.value.isNull ? nil : member.value
            } else if member.name == MembersPlan.any, plan.any != nil {
                if !member.value.isNull { cursor.any = member.value.kind == .array ? Array(member.value.elements) : [member.value] }
            } else if plan.takesAnyAttribute, member.name.utf8.first == UInt8(ascii: "@") {
                if !member.value.isNull { others.append(member) }
            } else {
                throw unknown(member, plan)
            }
        }
        try add(attributes, others, plan, to: &element)
        if let simple = plan.simple {
            enter(.member(MembersPlan.text))
            if let text { element.children = try nodes(of: text, simple) }
            leave()
            return
        }
        if let xml {
            enter(.member(MembersPlan.xml))
            element.children = try fragment(xml).children
            leave()
            return
        }
        if let text {
            enter(.member(MembersPlan.text))
            element.children = try nodes(of: text, .text)
            leave()
        }
        for particle in plan.content { try write(particle, plan, &cursor, steps, to: &element) }
        try checkRest(cursor, plan, steps)
    }

    private mutating func values(_ given: Given, _ member: MembersPlan.Member) throws(HubError) -> [JSONValue] {
        let value = given.value
        if value.isNull { return member.element.isNillable ? [value] : [] }
        guard value.kind == .array, member.isArray else { return [value] }
        return Array(value.elements)
    }

    private func unknown(_ member: Given, _ plan: MembersPlan) -> HubError {
        let shown = FindingLog.quoted(member.name)
        let names = plan.members.map(\.name) + plan.attributes.map(\.name) + (plan.simple != nil || plan.isMixed ? [MembersPlan.text] : [])
        if names.isEmpty { return refusal("must have no members; \(shown) is one") }
        return refusal("has no member \(shown); \(NearestName.hint(for: member.name, among: names))")
    }

    private mutating func add(
        _ given: [Int: Given], _ others: [Given], _ plan: MembersPlan, to element: inout XMLElement
    ) throws(HubError) {
        for (number, attribute) in plan.attributes.enumerated() {
            if let member = given[number] {
                enter(member.step)
                try add(attribute.attribute.name, member.value, attribute.simple, to: &element)
                leave()
            } else if let value = attribute.attribute.standingValue {
                // A service that reads no schema would not know the default.
                try count()
                let name = if case .name = attribute.simple.kind { plans.name(value) } else { nil as XMLName? }
                element.attributes.append(
                    XMLAttribute(name: attribute.attribute.name, value: name == nil ? value : "", reference: name))
            } else if attribute.isRequired {
                throw refusal("must have \"\(attribute.name)\"")
            }
        }
        for other in others {
            enter(other.step)
            try addAttribute(other, to: &element)
            leave()
        }
    }

    /// How many attributes an element may have, of which no schema names most.
    private static let maximumAttributes = 256

    /// Adds an attribute that no schema names.
    func addAttribute(_ given: Given, to element: inout XMLElement) throws(HubError) {
        guard element.attributes.count < Self.maximumAttributes else { throw refusal("is one of too many attributes") }
        guard let name = plans.name(String(given.name.dropFirst())), name.namespace != SchemaVocabulary.instance,
            name != XMLName(namespace: "", local: "xmlns"), !element.attributes.contains(where: { $0.name == name })
        else { throw refusal("is not a name that an attribute can have") }
        element.attributes.append(XMLAttribute(name: name, value: try allowed(try scalar(given.value))))
    }

    // MARK: Content

    private mutating func write(
        _ particle: MembersPlan.Particle, _ plan: MembersPlan, _ cursor: inout Cursor, _ steps: [Int: Step], to element: inout XMLElement
    ) throws(HubError) {
        switch particle {
        case .member(let number, let occurrence):
            let member = plan.members[number]
            let count = min(cursor.remaining(number), occurrence.maximum ?? .max)
            for _ in 0..<count {
                let index = cursor.next[number]
                cursor.next[number] += 1
                cursor.written += 1
                enter(steps[number] ?? .member(member.name))
                if cursor.isArray[number] { enter(.index(index)) }
                element.children.append(.element(try self.element(member.element, cursor.values[number][index])))
                if cursor.isArray[number] { leave() }
                leave()
            }
            if count == 0, occurrence.minimum > 0 { element.children.append(.element(try missing(member))) }
        case .any(let occurrence):
            var count = 0
            while cursor.nextAny < cursor.any.count, occurrence.maximum.map({ count < $0 }) ?? true {
                enter(.member(MembersPlan.any))
                try addAny(cursor.any[cursor.nextAny], to: &element)
                leave()
                cursor.nextAny += 1
                cursor.written += 1
                count += 1
            }
        case .sequence(let inner, let occurrence):
            try repeated(particle, occurrence, plan, &cursor) { writer, cursor throws(HubError) in
                for child in inner { try writer.write(child, plan, &cursor, steps, to: &element) }
            }
        case .choice(let inner, let occurrence):
            try repeated(particle, occurrence, plan, &cursor) { writer, cursor throws(HubError) in
                let isRepeated = occurrence.maximum != 1
                if let branch = Self.branch(of: inner, plan, cursor, takesFirst: isRepeated) {
                    try writer.write(branch, plan, &cursor, steps, to: &element)
                } else if !writer.path.isEmpty, !inner.contains(where: { cursor.satisfies($0, plan) }) {
                    // Between arguments a choice cannot be told to the caller, so it is the service that says so.
                    throw writer.refusal("must have one of \(NearestName.list(Self.names(inner, plan)))")
                } else if let branch = inner.first(where: { cursor.satisfies($0, plan) }) {
                    try writer.write(branch, plan, &cursor, steps, to: &element)
                }
            }
        }
    }

    /// Writes a group as often as there are values for it, and once where it has to be there.
    private mutating func repeated(
        _ particle: MembersPlan.Particle, _ occurrence: MembersPlan.Occurrence, _ plan: MembersPlan, _ cursor: inout Cursor,
        _ body: (inout ValueWriter, inout Cursor) throws(HubError) -> Void
    ) throws(HubError) {
        var count = 0
        while occurrence.maximum.map({ count < $0 }) ?? true, cursor.has(particle) || count == 0 && occurrence.minimum > 0 {
            try spend(plan.members.count + 1)
            let before = cursor.written
            try body(&self, &cursor)
            count += 1
            if cursor.written == before { return }
        }
    }

    /// The alternative that uses most of what is left and lacks nothing; of one that repeats, the first that has something left.
    private static func branch(
        of inner: [MembersPlan.Particle], _ plan: MembersPlan, _ cursor: Cursor, takesFirst: Bool
    ) -> MembersPlan.Particle? {
        var best: (particle: MembersPlan.Particle, count: Int, isWhole: Bool)?
        for particle in inner {
            let count = cursor.count(particle)
            guard count > 0 else { continue }
            let isWhole = cursor.satisfies(particle, plan)
            if takesFirst, isWhole { return particle }
            if let known = best, (known.isWhole ? 1 : 0, known.count) >= (isWhole ? 1 : 0, count) { continue }
            best = (particle, count, isWhole)
        }
        return best?.particle
    }

    private static func names(_ particles: [MembersPlan.Particle], _ plan: MembersPlan) -> [String] {
        particles.prefix(16).flatMap { particle -> [String] in
            switch particle {
            case .member(let number, _): [plan.members[number].name]
            case .any: [MembersPlan.any]
            case .sequence(let inner, _), .choice(let inner, _): names(Array(inner.prefix(4)), plan)
            }
        }
    }

    private mutating func checkRest(_ cursor: Cursor, _ plan: MembersPlan, _ steps: [Int: Step]) throws(HubError) {
        for number in plan.members.indices where cursor.remaining(number) > 0 {
            enter(steps[number] ?? .member(plan.members[number].name))
            throw refusal(
                cursor.next[number] > 0
                    ? "has more values than the \(cursor.next[number]) there is room for" : "cannot be given together with the others")
        }
        guard cursor.nextAny < cursor.any.count else { return }
        enter(.member(MembersPlan.any))
        throw refusal("has more elements than the \(cursor.nextAny) there is room for")
    }
}
