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
    private let synonyms: [[String]]
    private let learns: Bool
    private let numbers: [String: Int]
    private let shared: NIOLockedValueBox<Shared>

    /// What goes over from one snapshot to the next.
    private final class Shared: Sendable {
        let made = NIOLockedValueBox<ToolFinder?>(nil)
        let learned: LearnedRequests?

        init(_ learned: LearnedRequests?) { self.learned = learned }
    }

    /// Tools, no two of one name.
    ///
    /// - Parameters:
    ///   - items: the tools.
    ///   - synonyms: words that mean the same, in groups, beside those that the hub knows.
    ///   - learns: whether requests that led to a tool become examples of it.
    public init(_ items: [Item], synonyms: [[String]] = [], learns: Bool = false) {
        self.items = items
        self.synonyms = synonyms
        self.learns = learns
        shared = NIOLockedValueBox(Shared(learns ? LearnedRequests() : nil))
        numbers = Dictionary(items.indices.map { (items[$0].definition.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Where requests are kept that led to tools; nil where none are.
    var learned: LearnedRequests? { shared.withLockedValue { $0 }.learned }

    /// Makes the index now.
    public func prepare() { _ = finder }

    /// Finds them.
    var finder: ToolFinder {
        let shared = shared.withLockedValue { $0 }
        return shared.made.withLockedValue { made in
            if let made { return made }
            let finder = makeFinder(shared.learned)
            made = finder
            return finder
        }
    }

    /// Takes over what there is of earlier tools: the index where they are the same, and what was learned.
    func takeOver(from before: FindableTools) {
        let theirs = before.shared.withLockedValue { $0 }
        let isSame = items == before.items && synonyms == before.synonyms && learns == before.learns
        guard isSame || learns && before.learns else { return }
        let next = isSame ? theirs : Shared(theirs.learned)
        shared.withLockedValue { $0 = next }
    }

    /// Makes the index again where requests were learned since; those who search meanwhile have the one of before.
    func relearn() {
        let shared = shared.withLockedValue { $0 }
        guard let learned = shared.learned, learned.takeNews() else { return }
        let finder = makeFinder(learned)
        shared.made.withLockedValue { $0 = finder }
    }

    private func makeFinder(_ learned: LearnedRequests?) -> ToolFinder {
        let tools = items.map { item in
            var tool = RoutableTool(item)
            if let learned { tool.examples += learned.requests(for: item.definition.name) }
            return tool
        }
        return ToolFinder(tools, synonyms: synonyms.isEmpty ? .standard : SynonymTable(adding: synonyms))
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

/// What finds the tools of each entry, from snapshot to snapshot: where the tools are the same, their index is not made again.
final class FindableToolsByEntry: Sendable {
    private let latest = NIOLockedValueBox<[String: FindableTools]>([:])

    /// Gives tools what there is of those that their entry has already. An entry that has none yet has these.
    func prepare(_ tools: FindableTools, of entry: String) {
        let before = latest.withLockedValue { latest -> FindableTools? in
            if let before = latest[entry] { return before }
            latest[entry] = tools
            return nil
        }
        if let before { tools.takeOver(from: before) }
    }

    /// The tools of an entry that is in force now; nil: it is gone.
    func put(_ tools: FindableTools?, of entry: String) { latest.withLockedValue { $0[entry] = tools } }

    /// Takes up what was learned.
    func relearn() {
        for tools in latest.withLockedValue({ Array($0.values) }) { tools.relearn() }
    }
}
