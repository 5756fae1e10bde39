public import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The tools of one entry, to be found by what a request says.
///
/// The index over them is made when it is first needed, or with `prepare`, once for all callers and for as long as the tools stay the same.
public final class FindableTools: Sendable {
    /// One tool.
    public struct Item: Sendable, Hashable {
        /// All that there is to say of it, under the name that calls use.
        public var definition: ToolDefinition
        /// The server that it is from.
        public var server: String
        /// What that server is for.
        public var purpose: String?

        /// A tool.
        public init(definition: ToolDefinition, server: String, purpose: String?) {
            self.definition = definition
            self.server = server
            self.purpose = purpose
        }
    }

    let items: [Item]
    private let numbers: [String: Int]
    private let made = NIOLockedValueBox<ToolFinder?>(nil)

    /// Tools, no two of one name.
    public init(_ items: [Item]) {
        self.items = items
        numbers = Dictionary(items.indices.map { (items[$0].definition.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Makes the index now.
    public func prepare() { _ = finder }

    /// Finds them.
    var finder: ToolFinder {
        made.withLockedValue { made in
            if let made { return made }
            let finder = ToolFinder(items.map(RoutableTool.init))
            made = finder
            return finder
        }
    }

    /// The tool of a name.
    subscript(_ name: String) -> ToolDefinition? { numbers[name].map { items[$0].definition } }

    /// The servers that they are from, in order, and what each is for.
    var servers: [(name: String, purpose: String?)] {
        var seen: Set<String> = []
        return items.compactMap { seen.insert($0.server).inserted ? ($0.server, $0.purpose) : nil }
    }
}

extension RoutableTool {
    /// A tool as the ranking sees it.
    init(_ item: FindableTools.Item) {
        let tool = item.definition
        let schema = try? JSONDocument(parsing: tool.inputSchema, limits: .description)  // no schema, no arguments
        let arguments = schema.map { Argument.list(ofSchema: $0.root) } ?? []
        self.init(
            name: tool.name, title: tool.title, description: tool.description, arguments: arguments, examples: tool.examples,
            server: item.server, serverDescription: item.purpose)
    }
}

/// What finds the tools of each entry, from snapshot to snapshot: where the tools are the same, so is what finds them, and its index is not
/// made again.
final class FindableToolsByEntry: Sendable {
    private let latest = NIOLockedValueBox<[String: FindableTools]>([:])

    /// The one to use: that of before, where it has the same tools.
    func latest(_ tools: FindableTools, of entry: String) -> FindableTools {
        let before = latest.withLockedValue { $0[entry] }
        if let before, before.items == tools.items { return before }
        latest.withLockedValue { $0[entry] = tools }
        return tools
    }
}
