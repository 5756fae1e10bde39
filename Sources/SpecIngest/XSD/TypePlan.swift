/// How values of one type become JSON and back, with every name worked out.
struct TypePlan: Sendable {
    /// What an element of the type holds.
    enum Content: Sendable {
        /// Text and no attributes.
        case text(SimplePlan)
        /// An object: attributes, and elements or text.
        case members(MembersPlan)
        /// An array of the SOAP encoding.
        case array(ArrayPlan)
        /// Anything.
        case free
    }

    /// The name for `xsi:type`, where it has one.
    var name: XMLName?
    /// What an element of the type holds.
    var content = Content.free
    /// Whether only derived types may be used.
    var isAbstract = false
    /// The types that may stand in its place, by the word that names them in JSON.
    private(set) var derived: [(word: String, type: Int)] = []
    /// The words by the type, and the types by the word.
    private(set) var derivedWords: [Int: String] = [:]
    private(set) var derivedTypes: [String: Int] = [:]
    /// The member that names a derived type: an attribute may have taken the usual name.
    var typeMember = "@type"
    /// What the schema says about it.
    var documentation: String?

    /// A type of which nothing is known.
    static let anything = TypePlan()

    /// Enters a type that may stand in its place.
    mutating func addDerived(_ word: String, _ type: Int) {
        derived.append((word, type))
        derivedWords[type] = word
        derivedTypes[word] = type
    }
}

/// The object that stands for an element with attributes or elements.
struct MembersPlan: Sendable {
    /// What stands in an element, in order, by the numbers of members.
    indirect enum Particle: Sendable {
        case member(Int, Occurrence)
        case sequence([Particle], Occurrence)
        case choice([Particle], Occurrence)
        case any(Occurrence)

        /// How often it has to be there, and may be.
        var occurrence: Occurrence {
            switch self {
            case .member(_, let occurrence), .sequence(_, let occurrence), .choice(_, let occurrence), .any(let occurrence): occurrence
            }
        }
    }

    /// How often something has to be there, and may be; nil for no bound.
    struct Occurrence: Sendable, Hashable {
        var minimum = 1
        var maximum: Int? = 1
    }

    /// A member for elements of one name.
    struct Member: Sendable {
        /// Its name in JSON.
        var name: String
        /// The element.
        var element: SchemaElement
        /// Whether it is an array.
        var isArray = false
        /// The bounds on such an array, where the schema has them in one place.
        var occurrence: Occurrence?
        /// Whether the object has to have it.
        var isRequired = false
    }

    /// A member for an attribute.
    struct Attribute: Sendable {
        /// Its name in JSON, with the `@`.
        var name: String
        var attribute: SchemaAttribute
        var simple: SimplePlan

        /// Whether a caller has to give it: where it has a value by itself, that is sent.
        var isRequired: Bool { attribute.use == .required && attribute.standingValue == nil }
    }

    /// What stands in for the text of an element.
    static let text = "#text"
    /// What stands in for all in an element, as XML.
    static let xml = "#xml"
    /// What stands in for elements that the schema does not name, as XML.
    static let any = "#any"

    /// The attributes, in the order of the schema.
    var attributes: [Attribute] = []
    /// The elements, in the order in which their names first stand in the schema.
    var members: [Member] = []
    /// What stands in the element.
    var content: [Particle] = []
    /// Choices that have to be made: the members that each alternative needs.
    var choices: [[[Int]]] = []
    /// Choices of which one alternative may be given: the members of each.
    var exclusives: [[[Int]]] = []
    /// The text, where the element holds text and attributes.
    var simple: SimplePlan?
    /// Whether text may stand between the elements.
    var isMixed = false
    /// How many elements it takes that the schema does not name; nil where it takes none.
    var any: Occurrence?
    /// Whether it takes attributes that the schema does not name.
    var takesAnyAttribute = false

    /// The members by their name in JSON.
    var memberNumbers: [String: Int] = [:]
    /// The attributes by their name in JSON.
    var attributeNumbers: [String: Int] = [:]
    /// The members by the name of the element.
    var elementNumbers: [XMLName: Int] = [:]
    /// The members by the local name of the element, where only one has it: many servers get namespaces wrong.
    var localNumbers: [String: Int] = [:]

    /// Whether unnamed elements are an array.
    var isAnyArray: Bool { any.map { ($0.maximum ?? 2) > 1 } ?? false }
}

/// An array of the SOAP encoding (SOAP 1.1 §5.4.2).
struct ArrayPlan: Sendable {
    /// The number of the type of the items.
    var item: Int
    /// The name of the elements that hold the items.
    var itemName: String
    /// The namespace of the encoding.
    var encoding: String
    /// The name of the type of the items, for `arrayType`.
    var itemType: XMLName
}
