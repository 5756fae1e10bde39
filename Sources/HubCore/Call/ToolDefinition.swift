public import NIOCore

/// What a tool is to those who may call it: an operation of an API, before a protocol puts its face on it.
public struct ToolDefinition: Sendable, Hashable {
    /// The name callers use; unique in its server, `[A-Za-z0-9_]{1,64}` when it came from a description.
    public var name: String
    /// A short name for people.
    public var title: String?
    /// What the tool does, for a model to choose by.
    public var description: String
    /// The arguments: a JSON Schema 2020-12 object without open `$ref`s, as JSON bytes.
    public var inputSchema: ByteBuffer
    /// The shape of a good answer, where the description declares one.
    public var outputSchema: ByteBuffer?
    /// Whether lists show the shape of the answer.
    public var listsOutputSchema = false
    /// Pictures of the tool, an array as 2025-11-25 and later have it.
    public var icons: ByteBuffer?
    /// What the server that the tool comes from says beside it: the members of `_meta`, an object.
    public var meta: ByteBuffer?
    /// Hints for clients.
    public var annotations: ToolAnnotations
    /// What a call may do.
    public var risk: Risk
    /// The operation behind it, for example `GET /pets/{id}`.
    public var operation: String
    /// Requests that it is the answer to, in the words of those who ask: it is found by them, and lists do not show them.
    public var examples: [String] = []

    /// A definition with every part named.
    public init(
        name: String, title: String? = nil, description: String, inputSchema: ByteBuffer, outputSchema: ByteBuffer? = nil,
        annotations: ToolAnnotations, risk: Risk, operation: String
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.annotations = annotations
        self.risk = risk
        self.operation = operation
    }
}

/// What a call may do to the world; the order is the order of harm.
public enum Risk: String, Sendable, Hashable, Comparable, CaseIterable {
    /// Only looks.
    case read
    /// Creates or changes.
    case write
    /// Removes, or cannot be undone.
    case destructive

    /// Less harm is less.
    public static func < (a: Risk, b: Risk) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .destructive: 2
        }
    }
}

/// The hints of MCP's `ToolAnnotations`; nil is "not said".
public struct ToolAnnotations: Sendable, Hashable {
    /// The tool changes nothing.
    public var readOnly: Bool?
    /// The tool may remove or overwrite something.
    public var destructive: Bool?
    /// Calling it twice is calling it once.
    public var idempotent: Bool?
    /// It reaches a world beyond the API itself.
    public var openWorld: Bool?

    /// Hints, each of which may be left out.
    public init(readOnly: Bool? = nil, destructive: Bool? = nil, idempotent: Bool? = nil, openWorld: Bool? = nil) {
        self.readOnly = readOnly
        self.destructive = destructive
        self.idempotent = idempotent
        self.openWorld = openWorld
    }
}
