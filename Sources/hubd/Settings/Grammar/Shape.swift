/// What may stand at one place of `hub.yaml`. The walk (`GrammarCheck`) and the JSON Schema (`GrammarSchema`) both read it,
/// so that a field exists, is checked and is described to editors by one line.
indirect enum Shape: Sendable {
    /// Known members.
    case object(ObjectShape)
    /// Members whose names the file chooses.
    case map(keys: KeyRule, values: Shape)
    /// Elements of one shape.
    case list(Shape, minimum: Int)
    /// Text of one kind.
    case text(TextKind)
    /// One of a few words.
    case choice([Choice])
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number of any size.
    case number
    /// `true` or `false`.
    case boolean
    /// A reference to a secret, never the secret.
    case secret(SecretPlace)
    /// Environment variables of a command: plain text too, but for names that sound secret.
    case environment
    /// The name of an entry that stands elsewhere in the file.
    case reference(EntryKind)
    /// The first of these that fits the kind of value that stands there.
    case oneOf([Shape])
    /// Any value, such as the default of an argument.
    case anything

    /// A list that may be empty.
    static func list(_ element: Shape) -> Shape { .list(element, minimum: 0) }
    /// An object without rules between its members.
    static func object(_ fields: [Field]) -> Shape { .object(ObjectShape(fields: fields)) }
    /// Words that this version implements.
    static func words(_ names: String...) -> Shape { .choice(names.map { Choice(name: $0) }) }
}

/// The members an object may have.
struct ObjectShape: Sendable {
    /// The members, in the order a reader wants to see them.
    var fields: [Field]
    /// Of each of these groups exactly one member must stand.
    var exactlyOne: [[String]] = []
    /// Of each of these groups at most one member may stand.
    var atMostOne: [[String]] = []
    /// Among the alternatives of `oneOf`: this shape is meant where the only member is this one, with text.
    var soleMember: String?

    /// The member with a name.
    func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

/// One known member of an object.
struct Field: Sendable {
    /// The name.
    var name: String
    /// What may stand there.
    var shape: Shape
    /// One sentence, which editors show.
    var summary: String
    /// Whether this version does what it says. What it does not do is an error, never ignored: an ignored `access` is a hole.
    var isImplemented = true
    /// Whether it must stand.
    var isRequired = false

    /// A field of this version that may be left out.
    init(_ name: String, _ shape: Shape, _ summary: String) {
        self.name = name
        self.shape = shape
        self.summary = summary
    }

    /// The field, known but not in this version.
    var later: Field {
        var field = self
        field.isImplemented = false
        return field
    }

    /// The field, which must stand.
    var required: Field {
        var field = self
        field.isRequired = true
        return field
    }
}

/// One word of a choice.
struct Choice: Sendable {
    /// The word.
    var name: String
    /// Whether this version does what it says.
    var isImplemented = true

    /// The word, known but not in this version.
    static func later(_ name: String) -> Choice { Choice(name: name, isImplemented: false) }
}

/// Which member names a map takes.
enum KeyRule: Sendable {
    /// `[a-z0-9][a-z0-9-]{0,62}`; with a kind, the names that references of that kind mean.
    case entry(EntryKind?)
    /// Any name that is not empty.
    case any
}

/// The namespaces of `hub.yaml`.
enum EntryKind: String, Sendable, Hashable {
    case upstream
    case cluster
    /// Servers and virtual servers: one namespace, because both live below `/mcp/`.
    case server
    case agent
    case model = "Model API"
    case consumer
}
