/// One step in the definition of a simple type: what the text is, and which facets narrow it.
struct SchemaSimple: Sendable {
    /// What the text is.
    indirect enum Variety: Sendable {
        /// What the base is.
        case same
        /// A type that XML Schema builds in, by its name.
        case builtIn(String)
        /// Values of a type by number, with spaces between them.
        case list(Int)
        /// A value of one of these types by number.
        case union([Int])
    }

    /// What the text is.
    var variety: Variety = .same
    /// The values it may have; empty: all.
    var enumeration: [String] = []
    /// Regular expressions of XML Schema; in one step, one of them has to match.
    var patterns: [String] = []
    var length: Int?
    var minimumLength: Int?
    var maximumLength: Int?
    /// Bounds, with their digits as they were written.
    var minimumInclusive: String?
    var maximumInclusive: String?
    var minimumExclusive: String?
    var maximumExclusive: String?
    var totalDigits: Int?
    /// `preserve`, `replace` or `collapse`.
    var whiteSpace: String?
}

/// The names that XML Schema gives itself.
enum SchemaVocabulary {
    static let namespace = "http://www.w3.org/2001/XMLSchema"
    static let soapEncoding = "http://schemas.xmlsoap.org/soap/encoding/"
    /// The encodings of SOAP 1.1 and 1.2.
    static let encodings = [soapEncoding, "http://www.w3.org/2003/05/soap-encoding"]
    /// Earlier names of XML Schema, by which old descriptions still call its types.
    static let drafts = ["http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema"]
    /// Attributes that a message may have anywhere.
    static let instance = "http://www.w3.org/2001/XMLSchema-instance"
    static let wsdl = "http://schemas.xmlsoap.org/wsdl/"

    /// The built-in simple types (XML Schema Part 2 §3).
    static let simpleTypes: [String] = [
        "anySimpleType", "string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN", "NMTOKENS", "ID", "IDREF",
        "IDREFS", "ENTITY", "ENTITIES", "QName", "NOTATION", "anyURI", "boolean", "decimal", "integer", "nonPositiveInteger",
        "negativeInteger", "nonNegativeInteger", "positiveInteger", "long", "int", "short", "byte", "unsignedLong", "unsignedInt",
        "unsignedShort", "unsignedByte", "float", "double", "duration", "dateTime", "time", "date", "gYear", "gYearMonth", "gMonth",
        "gMonthDay", "gDay", "base64Binary", "hexBinary",
    ]
}
