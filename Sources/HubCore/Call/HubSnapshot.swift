import NIOConcurrencyHelpers

/// A tool of an entry: how it looks, and what performs it.
public struct Tool: Sendable {
    /// How it looks.
    public let definition: ToolDefinition
    /// What performs it, policies included.
    public let target: any CallTarget
    /// Whether it tells of other tools, and of none that the caller does not see (`CallContext.visibleTools`): whoever sees one sees it too.
    public let tellsOfOthers: Bool
    /// Whether lists show it. One that they do not show is called all the same, by those who have found it.
    public let isListed: Bool
    /// The server whose words its answers are, where they are not trusted; nil: they are.
    public let distrusted: String?

    /// A tool.
    public init(
        definition: ToolDefinition, target: any CallTarget, tellsOfOthers: Bool = false, isListed: Bool = true, distrusted: String? = nil
    ) {
        self.definition = definition
        self.target = target
        self.tellsOfOthers = tellsOfOthers
        self.isListed = isListed
        self.distrusted = distrusted
    }
}

/// The tools of one entry in the order they are listed, and by name.
public struct ToolSet: Sendable {
    /// In order.
    public let tools: [Tool]
    private let indexes: [String: Int]
    private let visible = NIOLockedValueBox<(finder: ToolFinder, tools: VisibleTools)?>(nil)

    /// A set; of two tools with one name the first counts.
    public init(_ tools: [Tool]) {
        self.tools = tools
        indexes = Dictionary(tools.indices.map { (tools[$0].definition.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tool of that name.
    public subscript(_ name: String) -> Tool? { indexes[name].map { tools[$0] } }

    /// Which of a finder's tools are in this set; found out once for a finder.
    func visible(to finder: ToolFinder) -> VisibleTools {
        if let known = visible.withLockedValue({ $0 }), known.finder === finder { return known.tools }
        let tools = finder.index.visible { indexes[finder.names[$0]] != nil }
        visible.withLockedValue { $0 = (finder, tools) }
        return tools
    }
}

/// Which kind of entry, and its name: what the first two parts of a path on the public listener say.
public struct EntryKey: Sendable, Hashable {
    /// The kinds of entry.
    public enum Kind: String, Sendable, Hashable {
        /// `/mcp/{name}`.
        case mcp
        /// `/a2a/{name}`.
        case a2a
        /// `/models/{name}`; the one named `default` is also at `/v1`.
        case models
    }

    /// The kind.
    public let kind: Kind
    /// The name in the configuration.
    public let name: String

    /// A key.
    public init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }
}

/// Something that answers below a path of the public listener. Immutable; one per snapshot.
public protocol HubEntry: Sendable {
    /// Answers one request whose path continues with `subpath`: empty, or `/` and more.
    func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws
}

/// All that configuration decides, immutable. A request loads it once; a change builds another beside it.
public struct HubSnapshot: Sendable {
    /// What answers.
    public let entries: [EntryKey: any HubEntry]
    /// Which `Host` values are served.
    public let hosts: HostRule
    /// From where callers come, and from where they may.
    public let callers: CallerRule
    /// Which web pages may use an entry, beside those of the hub's own hosts.
    public let cors: [EntryKey: CORSRule]
    /// Who finds out who calls an entry; one without is open to everybody.
    public let authenticators: [EntryKey: any Authenticator]
    /// Documents that anybody may read, by their path: what clients need before they can prove who they are.
    public let documents: [String: PublicDocument]
    /// What is told of the entries to those who look for some.
    public let discovery: Discovery
    /// The entries that were configured and cannot serve at present, with the reason.
    public let unavailable: [EntryKey: String]
    /// The servers elsewhere that do not answer at present, with the reason, whether or not they have an entry and are served from what was
    /// known before.
    public let away: [String: String]
    /// The servers elsewhere that an operator has to sign in at.
    public let signedOut: Set<String>

    /// A snapshot.
    public init(
        entries: [EntryKey: any HubEntry], hosts: HostRule, callers: CallerRule = CallerRule(), cors: [EntryKey: CORSRule] = [:],
        authenticators: [EntryKey: any Authenticator] = [:], documents: [String: PublicDocument] = [:],
        discovery: Discovery = Discovery(), unavailable: [EntryKey: String] = [:], away: [String: String] = [:],
        signedOut: Set<String> = []
    ) {
        self.entries = entries
        self.hosts = hosts
        self.callers = callers
        self.cors = cors
        self.authenticators = authenticators
        self.documents = documents
        self.discovery = discovery
        self.unavailable = unavailable
        self.away = away
        self.signedOut = signedOut
    }
}

/// Holds the snapshot in force. Requests read it, a reload replaces it.
public final class SnapshotStore: Sendable {
    private let stored: NIOLockedValueBox<HubSnapshot>

    /// A store with its first snapshot.
    public init(_ snapshot: HubSnapshot) {
        stored = NIOLockedValueBox(snapshot)
    }

    /// The snapshot in force.
    public var current: HubSnapshot { stored.withLockedValue { $0 } }

    /// Puts another in force; requests under way keep theirs.
    public func replace(with snapshot: HubSnapshot) {
        stored.withLockedValue { $0 = snapshot }
    }
}
