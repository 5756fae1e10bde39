/// Works out the members of an object from what stands in an element: elements of one name are one member, wherever they stand.
struct ContentBuilder {
    let set: SchemaSet
    let maximumSubstitutes: Int
    let maximumParticles: Int
    /// How many particles have been made: inherited ones, and substitutes, are made again for each type.
    private(set) var particleCount = 0
    private var offered: [XMLName: [SchemaElement]] = [:]
    private var members: [MembersPlan.Member] = []
    private var numbers: [XMLName: Int] = [:]
    private var any: MembersPlan.Occurrence?

    init(set: SchemaSet, maximumSubstitutes: Int, maximumParticles: Int) {
        self.set = set
        self.maximumSubstitutes = maximumSubstitutes
        self.maximumParticles = maximumParticles
    }

    /// A place for elements of which nothing is known.
    var anything: MembersPlan.Particle {
        mutating get {
            any = MembersPlan.Occurrence(minimum: 0, maximum: nil)
            return .any(MembersPlan.Occurrence(minimum: 0, maximum: nil))
        }
    }

    /// A particle by the numbers of its members.
    mutating func particle(_ particle: SchemaParticle) -> MembersPlan.Particle {
        let occurrence = MembersPlan.Occurrence(minimum: particle.minimum, maximum: particle.maximum)
        particleCount += 1
        switch particle.term {
        case .element(let element):
            let substitutes = element.isGlobal && particleCount < maximumParticles ? substitutes(of: element.name) : []
            particleCount += substitutes.count
            guard !substitutes.isEmpty else { return .member(number(of: element), occurrence) }
            // A substitute may stand wherever the head may (XML Schema Part 1 §2.2.2.2).
            let offered = (element.isAbstract ? [] : [element]) + substitutes
            return .choice(offered.map { .member(number(of: $0), MembersPlan.Occurrence()) }, occurrence)
        case .sequence(let inner), .all(let inner): return .sequence(inner.map { self.particle($0) }, occurrence)
        case .choice(let inner): return .choice(inner.map { self.particle($0) }, occurrence)
        case .any:
            any = MembersPlan.Occurrence(minimum: 0, maximum: any == nil ? particle.maximum : nil)
            return .any(occurrence)
        }
    }

    private mutating func substitutes(of head: XMLName) -> [SchemaElement] {
        if let known = offered[head] { return known }
        var found: [SchemaElement] = []
        var seen: Set<XMLName> = [head]
        var next = Array((set.substitutes[head] ?? []).reversed())
        while let name = next.popLast(), found.count < maximumSubstitutes {
            guard seen.insert(name).inserted else { continue }
            if let element = set.elements[name], !element.isAbstract { found.append(element) }
            next += (set.substitutes[name] ?? []).reversed()
        }
        offered[head] = found
        return found
    }

    private mutating func number(of element: SchemaElement) -> Int {
        if let known = numbers[element.name] {
            if element.isNillable { members[known].element.isNillable = true }
            return known
        }
        numbers[element.name] = members.count
        members.append(MembersPlan.Member(name: element.name.local, element: element))
        return members.count - 1
    }

    // MARK: Conclusions

    /// Enters the members, once all particles have been given.
    mutating func finish(_ plan: inout MembersPlan, maximumAlternatives: Int) {
        var local: [String: Int?] = [:]
        var names = UniqueNames()
        for index in members.indices {
            let name = members[index].element.name.local
            local[name] = local[name] == nil ? .some(index) : .some(nil)
            members[index].name = names.take(name)
            plan.memberNumbers[members[index].name] = index
        }
        let places = Self.places(.sequence(plan.content, MembersPlan.Occurrence()))
        for (index, place) in places {
            members[index].isArray = place.maximum > 1
            members[index].occurrence = place.isOnly ? place.occurrence : nil
        }
        for index in Self.required(.sequence(plan.content, MembersPlan.Occurrence())) where members[index].element.standingValue == nil {
            members[index].isRequired = true
        }
        for particle in plan.content { Self.collectChoices(particle, into: &plan.choices) }
        plan.choices.removeAll { $0.count > maximumAlternatives || $0.contains { $0.isEmpty } }
        for particle in plan.content { Self.collectExclusives(particle, into: &plan.exclusives) }
        plan.members = members
        plan.elementNumbers = numbers
        plan.localNumbers = local.compactMapValues { $0 }
        plan.any = any
    }

    private struct Place {
        var maximum: Int
        var isOnly: Bool
        var occurrence: MembersPlan.Occurrence
    }

    /// How often each member may be there at most, counted to two, and where.
    private static func places(_ particle: MembersPlan.Particle) -> [Int: Place] {
        let maximum = min(particle.occurrence.maximum ?? 2, 2)
        switch particle {
        case .any: return [:]
        case .member(let index, let occurrence): return [index: Place(maximum: maximum, isOnly: true, occurrence: occurrence)]
        case .sequence(let inner, _), .choice(let inner, _):
            let isChoice = if case .choice = particle { true } else { false }
            var result: [Int: Place] = [:]
            for child in inner {
                for (index, place) in places(child) {
                    guard let before = result[index] else {
                        result[index] = place
                        continue
                    }
                    let total = isChoice ? max(before.maximum, place.maximum) : min(2, before.maximum + place.maximum)
                    result[index] = Place(maximum: total, isOnly: false, occurrence: place.occurrence)
                }
            }
            guard maximum > 1 else { return result }
            return result.mapValues { Place(maximum: 2, isOnly: false, occurrence: $0.occurrence) }
        }
    }

    /// The members that are always there, in order.
    private static func required(_ particle: MembersPlan.Particle) -> [Int] {
        guard particle.occurrence.minimum > 0 else { return [] }
        switch particle {
        case .any: return []
        case .member(let index, _): return [index]
        case .sequence(let inner, _):
            var seen: Set<Int> = []
            return inner.flatMap { required($0) }.filter { seen.insert($0).inserted }
        case .choice(let inner, _):
            guard let first = inner.first else { return [] }
            return inner.dropFirst().reduce(required(first)) { common, branch in
                guard !common.isEmpty else { return common }
                let other = Set(required(branch))
                return common.filter { other.contains($0) }
            }
        }
    }

    private static func collectExclusives(_ particle: MembersPlan.Particle, into found: inout [[[Int]]]) {
        guard particle.occurrence.maximum == 1, found.count < 8 else { return }
        switch particle {
        case .member, .any: return
        case .sequence(let inner, _): for child in inner { collectExclusives(child, into: &found) }
        case .choice(let inner, _): if inner.count <= 16 { found.append(inner.map { places($0).keys.sorted() }) }
        }
    }

    private static func collectChoices(_ particle: MembersPlan.Particle, into choices: inout [[[Int]]]) {
        guard particle.occurrence.minimum > 0, choices.count < 8 else { return }
        switch particle {
        case .member, .any: return
        case .sequence(let inner, _): for child in inner { collectChoices(child, into: &choices) }
        case .choice(let inner, _): choices.append(inner.map { required($0) })
        }
    }
}
