/// The names under which the schemas of types are shared: the local name of the type, or of the element whose type has none.
///
/// They depend on the schemas alone, in their order, and not on which of the types a description uses.
struct ComponentNames {
    /// The name of each type's own schema.
    private(set) var names: [Int: String] = [:]
    /// The name of the schema of a type with all that may stand in its place.
    private(set) var families: [Int: String] = [:]

    init(_ set: SchemaSet) {
        var unique = UniqueNames()
        for (number, type) in set.types.enumerated() {
            guard let name = type.name, name.namespace != SchemaVocabulary.namespace, NCName.isName(name.local) else { continue }
            names[number] = unique.take(name.local)
        }
        var owners: [Int: XMLName] = [:]
        for (name, element) in set.elements where set[element.type].name == nil {
            if let owner = owners[element.type], (owner.local, owner.namespace) < (name.local, name.namespace) { continue }
            owners[element.type] = name
        }
        for (number, name) in owners.sorted(by: { $0.key < $1.key }) { names[number] = unique.take(name.local) }
        for (number, type) in set.types.enumerated() where !type.derived.isEmpty {
            if let name = names[number] { families[number] = unique.take(name + "_or_derived") }
        }
    }
}
