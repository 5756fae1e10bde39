/// How the callers of an entry find the right tool among many.
public struct ToolRouting: Sendable, Hashable {
    /// What a list shows.
    public enum Mode: String, Sendable, Hashable {
        /// All tools.
        case off
        /// The tools that are pinned, and two that find and call the others.
        case search
        /// All tools, and those two.
        case both
    }

    /// What a list shows.
    public var mode: Mode
    /// The most tools that a search finds, unless it asks for another number.
    public var limit: Int
    /// Patterns of the tools that are always listed.
    public var pinned: [String]
    /// Words that mean the same where this hub works, in groups.
    public var synonyms: [[String]] = []
    /// Whether the tool that searches says which servers there are: not where callers may use the tools of some alone.
    public var tellsServers = true
    /// Whether requests that led to a tool become examples of it.
    public var learns = false

    /// The most tools that a search finds, whatever it asks for.
    public static let maximumLimit = 1000

    /// A way to find tools.
    public init(mode: Mode = .off, limit: Int = 8, pinned: [String] = []) {
        self.mode = mode
        self.limit = limit
        self.pinned = pinned
    }
}
