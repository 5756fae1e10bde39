/// The XML schemas of one description, resolved: every type by number, so that types may contain themselves.
///
/// Made once by `SchemaCompiler`; immutable. A number that is in the set is always valid, and `anyType` is number 0.
struct SchemaSet: Sendable {
    /// The types by number.
    var types: [SchemaType] = [.anything]
    /// The types that have a name, and those that XML Schema builds in.
    var typeNumbers: [XMLName: Int] = [:]
    /// The elements at the top of a schema.
    var elements: [XMLName: SchemaElement] = [:]
    /// The elements that may stand in place of another, in the order in which they were read.
    var substitutes: [XMLName: [XMLName]] = [:]

    /// What prefixes mean in the schemas, for names in values; of several meanings the first.
    var prefixes: [String: String] = [:]

    /// The type with a number.
    subscript(_ number: Int) -> SchemaType {
        types.indices.contains(number) ? types[number] : .anything
    }

    /// The type and those it is derived from, the most general one first; `anyType` is not among them.
    func lineage(of number: Int) -> [Int] {
        var result: [Int] = []
        var next: Int? = number
        while let current = next, current != 0, result.count < SchemaLimits.lineage, !result.contains(current) {
            result.append(current)
            next = self[current].base
        }
        return result.reversed()
    }

    /// What an element of a type contains, in order: what an extension inherits comes first; a restriction stands for itself.
    func particles(of number: Int) -> [SchemaParticle] {
        lineage(of: number).reduce(into: []) { result, member in
            let type = self[member]
            if type.derivation == .restriction { result = [] }
            if let particle = type.particle { result.append(particle) }
        }
    }

    /// The attributes of a type, inherited ones first; one that is declared again replaces the one before, or prohibits it.
    func attributes(of number: Int) -> [SchemaAttribute] {
        var result: [SchemaAttribute] = []
        var positions: [XMLName: Int] = [:]
        for attribute in lineage(of: number).flatMap({ self[$0].attributes }) {
            if let position = positions[attribute.name] {
                result[position] = attribute
            } else {
                positions[attribute.name] = result.count
                result.append(attribute)
            }
        }
        return result.filter { $0.use != .prohibited }
    }

    /// The values that an element of a type, or an attribute, may have as text; nil where it contains elements.
    ///
    /// The facets of each step of a derivation hold together: they are given from the most general type on.
    func simple(_ number: Int) -> [SchemaSimple]? {
        let steps = lineage(of: number).compactMap { self[$0].simple }
        return steps.isEmpty ? nil : steps
    }
}

/// Bounds on what a schema may cost.
enum SchemaLimits {
    /// The steps of derivation that are followed.
    static let lineage = 64
    /// The depth of what one type contains.
    static let depth = 64
    /// The particles of all types together; groups are written out where they are used, so this also bounds those.
    static let particles = 400_000
    /// The types, with and without a name.
    static let types = 100_000
    /// The values of one enumeration.
    static let enumeration = 10_000
}
