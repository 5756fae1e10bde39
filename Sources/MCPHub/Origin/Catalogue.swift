public import HubCore
public import NIOCore

/// What an MCP server has, as it listed it last: in its own names and order.
public struct Catalogue: Sendable, Hashable {
    /// A tool.
    public struct Tool: Sendable, Hashable {
        /// How it looks, without the members of `_meta` that are about one hop.
        public var definition: ToolDefinition
        /// The arguments that travel in headers too, for calls in the modern era.
        public var mirrored: [MirroredArgument] = []

        /// A tool.
        public init(definition: ToolDefinition) { self.definition = definition }
    }

    /// A prompt, a resource or a template of resources.
    public struct Item: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The address of a resource, the template of addresses; empty for a prompt.
        public var uri: String
        /// The members as the server listed them, without `name`, `uri` and `uriTemplate`, and without what `_meta` has about one hop: an
        /// object.
        public var members: ByteBuffer

        /// An item.
        public init(name: String, uri: String = "", members: ByteBuffer) {
            self.name = name
            self.uri = uri
            self.members = members
        }
    }

    /// The revision that is spoken with it.
    public var revision: ProtocolRevision
    /// Its name for people.
    public var title: String?
    /// Its version.
    public var version: String?
    /// What a model should know before it uses the server.
    public var instructions: String?
    /// Whether it completes arguments.
    public var completes = false
    /// Whether it writes a log that clients see.
    public var logs = false
    /// Whether it tells of updates of single resources.
    public var tellsOfUpdates = false
    /// The extensions that it declares.
    public var extensions: ServerExtensions = []
    /// The tools.
    public var tools: [Tool] = []
    /// The prompts.
    public var prompts: [Item] = []
    /// The resources.
    public var resources: [Item] = []
    /// The templates of resources.
    public var templates: [Item] = []
    /// What was left out or put right, and why: for the operator.
    public var problems: [String] = []

    /// An empty catalogue.
    public init(revision: ProtocolRevision) { self.revision = revision }
}
