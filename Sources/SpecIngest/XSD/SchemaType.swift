/// One type of an XML schema, simple or complex.
struct SchemaType: Sendable {
    /// How a type comes from its base.
    enum Derivation: Sendable, Hashable {
        case restriction
        case `extension`
    }

    /// The name, where it has one.
    var name: XMLName?
    /// Whether only types derived from it may be used.
    var isAbstract = false
    /// Whether text may stand between the elements.
    var isMixed = false
    /// The number of the type it comes from.
    var base: Int?
    /// How it comes from that.
    var derivation: Derivation = .restriction
    /// What it adds to the elements of its base, or has in their place.
    var particle: SchemaParticle?
    /// The attributes it declares itself.
    var attributes: [SchemaAttribute] = []
    /// Whether it takes attributes that nobody declared.
    var takesAnyAttribute = false
    /// What its text may be, where it has text and no elements.
    var simple: SchemaSimple?
    /// Whether anything at all may stand in it: `anyType`, and what takes the place of a type that is missing.
    var isFree = false
    /// The types that come from it directly and have a name, in the order in which they were read.
    var derived: [Int] = []
    /// What the schema says about it.
    var documentation: String?

    /// The type of which nothing is known.
    static let anything = SchemaType(
        name: XMLName(namespace: SchemaVocabulary.namespace, local: "anyType"), isMixed: true, takesAnyAttribute: true, isFree: true)
}

/// What stands in a complex type, and how often.
struct SchemaParticle: Sendable {
    /// The kinds of particle.
    indirect enum Term: Sendable {
        case element(SchemaElement)
        case sequence([SchemaParticle])
        case choice([SchemaParticle])
        case all([SchemaParticle])
        /// Any element.
        case any
    }

    /// What it is.
    var term: Term
    /// How often it has to be there.
    var minimum = 1
    /// How often it may be there; nil for no bound.
    var maximum: Int? = 1

    /// Whether it may be there more than once.
    var isRepeated: Bool { maximum.map { $0 > 1 } ?? true }
}

/// An element that a schema declares.
struct SchemaElement: Sendable {
    /// The name it has in a message; without a namespace where it is unqualified.
    var name: XMLName
    /// The number of its type.
    var type: Int
    /// Whether it is declared at the top of a schema, so that others may be substituted for it.
    var isGlobal = false
    /// Whether only its substitutes may be used.
    var isAbstract = false
    /// Whether `xsi:nil` may take the place of its content.
    var isNillable = false
    /// The value it has where it is empty.
    var defaultValue: String?
    /// The only value it may have.
    var fixedValue: String?
    /// What the schema says about it.
    var documentation: String?

    /// The value it has where nobody gives one.
    var standingValue: String? { fixedValue ?? defaultValue }
}

/// An attribute that a schema declares.
struct SchemaAttribute: Sendable {
    /// Whether an attribute has to be there.
    enum Use: String, Sendable, Hashable {
        case optional
        case required
        case prohibited
    }

    /// The name it has in a message.
    var name: XMLName
    /// The number of its simple type.
    var type: Int
    /// Whether it has to be there.
    var use: Use = .optional
    /// The value it has where it is missing.
    var defaultValue: String?
    /// The only value it may have.
    var fixedValue: String?
    /// What the schema says about it.
    var documentation: String?

    /// The value it has where nobody gives one; a fixed one that is optional need not be there.
    var standingValue: String? { use == .required ? fixedValue ?? defaultValue : defaultValue }

    /// The number of the type of the items that `wsdl:arrayType` names, which makes an array of the SOAP encoding (SOAP 1.1 §5.4.2).
    var arrayItem: Int?
}
