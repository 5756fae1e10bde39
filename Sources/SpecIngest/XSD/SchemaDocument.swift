/// One `xsd:schema` as it was read, with what its words mean in it.
struct SchemaDocument: Sendable {
    /// The `xsd:schema` element.
    var root: XMLElement
    /// The file it is in, relative to the root of the import; empty for the description itself.
    var path: String
    /// The namespace of what it declares.
    var targetNamespace: String
    /// Whether it took its namespace from the schema that includes it (XML Schema Part 1 §4.2.1).
    var isChameleon = false
    /// Whether it is the child of an `xsd:redefine`: what it declares replaces what stands under that name.
    var isRedefinition = false

    /// The element that says what names are qualified.
    private let formDefaults: XMLElement

    /// A schema with the namespace it names, or, where it names none and is included, that of the schema that includes it.
    ///
    /// - Parameters:
    ///   - root: The `xsd:schema`, or the `xsd:redefine` of a redefinition.
    ///   - path: The file it is in.
    ///   - namespace: The namespace of the schema that includes it.
    ///   - isRedefinition: Whether `root` is an `xsd:redefine`.
    ///   - enclosing: The `xsd:schema` that an `xsd:redefine` stands in, whose defaults of `form` hold for what is redefined.
    init(
        root: XMLElement, path: String, includedIn namespace: String? = nil, isRedefinition: Bool = false, enclosing: XMLElement? = nil
    ) {
        self.root = root
        self.formDefaults = enclosing ?? root
        self.path = path
        let own = root.attribute("targetNamespace")
        self.targetNamespace = own ?? namespace ?? ""
        self.isChameleon = own == nil && !(namespace ?? "").isEmpty
        self.isRedefinition = isRedefinition
    }

    /// Whether local elements are in the target namespace where they do not say otherwise.
    var qualifiesElements: Bool { formDefaults.attribute("elementFormDefault") == "qualified" }
    /// Whether local attributes are in the target namespace where they do not say otherwise.
    var qualifiesAttributes: Bool { formDefaults.attribute("attributeFormDefault") == "qualified" }

    /// The name that a reference at `element` means; nil where its prefix is not declared.
    func resolve(_ reference: String, at element: XMLElement) -> XMLName? {
        guard let name = element.prefixes.resolve(qname: reference, usesDefault: true) else { return nil }
        // References inside a chameleon follow it into the namespace it was given.
        return isChameleon && name.namespace.isEmpty ? XMLName(namespace: targetNamespace, local: name.local) : name
    }
}

/// Something about a schema or description that was not as it should be, with its file and place.
struct SchemaFinding: Sendable, Hashable {
    var kind: IngestFinding.Kind
    var message: String
    var path: String
    var position: SourcePosition
}
