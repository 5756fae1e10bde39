public import HubCore
public import NIOCore

/// All that an entry shows: its own, or what it puts together from several origins.
public struct ServerOffer: Sendable {
    /// A prompt, a resource or a template, as this entry shows it, and where it comes from.
    public struct Item: Sendable {
        /// The name that clients see.
        public var name: String
        /// The address of a resource, the template of addresses; empty for a prompt.
        public var uri: String
        /// What lists say beside name and address: members of an object (`Catalogue.Item.members`).
        public var members: ByteBuffer
        /// Has it.
        public var origin: any MCPOrigin
        /// The name that the origin gives it.
        public var originalName: String
        /// Whether it is here for the sake of tools alone, whose page it is: it is read by those who see one of them.
        public var comesWithTool = false

        /// An item.
        public init(name: String, uri: String = "", members: ByteBuffer, origin: any MCPOrigin, originalName: String) {
            self.name = name
            self.uri = uri
            self.members = members
            self.origin = origin
            self.originalName = originalName
        }
    }

    /// The tools.
    public var tools: ToolSet
    /// What finds them by what a request says, and the tools that do so for models, where there are any.
    var routing: OfferRouting?
    /// The prompts, in order, no two of one name.
    public var prompts: [Item] = []
    /// The resources, in order, no two of one address.
    public var resources: [Item] = []
    /// The templates, in order; the first that fits an address counts.
    public var templates: [Item] = []
    /// Where resources are read that no list names; nil: nowhere.
    public var unlistedResources: (any MCPOrigin)?
    /// Whether arguments can be completed.
    public var completes = false
    /// Whether any origin writes a log that clients see.
    public var logs = false
    /// Whether clients are told of updates of single resources.
    public var tellsOfUpdates = false
    /// The extensions that any origin declares.
    public var extensions: ServerExtensions = []
    /// Whether any part is left out at present because its origin is away: lists say so in `_meta`, by name.
    public var away: [String] = []
    /// The origins, by name, whose answers are not trusted.
    public var distrusted: Set<String> = []
    /// Whether any of those has never been listed, so that it is not known what it has.
    public var isUnlisted = false

    /// An offer of tools alone.
    public init(tools: ToolSet) { self.tools = tools }

    /// Takes tools as a list of them was made.
    public mutating func take(_ served: ServedTools) {
        tools = served.tools
        routing = served.routing
    }
}
