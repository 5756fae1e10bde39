/// A tool as a ranking sees it: the texts by which somebody may look for it.
public struct RoutableTool: Sendable {
    /// An argument that the tool takes.
    public struct Argument: Sendable {
        /// Its name.
        public var name: String
        /// What it is for.
        public var description: String
        /// The values it may have, where they are listed.
        public var values: [String]

        /// An argument with every part named.
        public init(name: String, description: String = "", values: [String] = []) {
            (self.name, self.description, self.values) = (name, description, values)
        }
    }

    /// The name that calls use.
    public var name: String
    /// A short name for people.
    public var title: String?
    /// What it does.
    public var description: String
    /// What it takes.
    public var arguments: [Argument]
    /// Words that whoever made it, or the operator, says it goes by.
    public var tags: [String]
    /// Requests that it is the answer to, in the words of those who ask.
    public var examples: [String]
    /// The server it is part of; tools of one server have it in common.
    public var server: String?
    /// What the server is for.
    public var serverDescription: String?

    /// A tool with every part named.
    public init(
        name: String, title: String? = nil, description: String = "", arguments: [Argument] = [], tags: [String] = [],
        examples: [String] = [],
        server: String? = nil, serverDescription: String? = nil
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.arguments = arguments
        self.tags = tags
        self.examples = examples
        self.server = server
        self.serverDescription = serverDescription
    }
}
