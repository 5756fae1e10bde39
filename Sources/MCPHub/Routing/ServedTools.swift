public import HubCore

/// What finds the tools of an entry.
struct OfferRouting: Sendable {
    /// The tools that can be found.
    var tools: FindableTools
    /// The tools that find and call the others; nil where the entry lists none.
    var meta: MetaTools?
    /// The most tools that are found.
    var limit: Int
    /// The tools that are listed whatever is looked for.
    var pinned: Set<String>
}

/// The tools of an entry as they are served: each with what performs it, and all that finds them.
public struct ServedTools: Sendable {
    /// The tools, in order.
    public private(set) var tools: ToolSet
    /// How large their list is.
    public private(set) var report: ListReport
    let routing: OfferRouting

    /// - Parameters:
    ///   - list: how they look.
    ///   - servers: for each the server it is from, and what that is for.
    ///   - distrusted: for each the server whose words its answers are, where they are not trusted.
    ///   - routing: how callers find the right one.
    ///   - profile: the client that the list is for; nil: any.
    ///   - target: what performs the tool of a number, policies included.
    ///   - wrap: puts the policies of the entry around a tool that tells of others.
    public init(
        _ list: ToolListMaker.List, servers: [(name: String, purpose: String?)], distrusted: [String?], routing: ToolRouting,
        profile: ClientProfile?, target: (Int) -> any CallTarget, wrap: (Tool) -> Tool
    ) {
        let names = list.whole.map(\.name)
        let patterns = routing.pinned.map { NamePattern($0) }
        let pinned = Set(names.filter { name in patterns.contains { $0.matches(name) } })
        let isSearched = routing.mode == .search
        var served = list.listed.enumerated().map { number, listed in
            Tool(
                definition: listed, target: target(number), isListed: !isSearched || pinned.contains(listed.name),
                distrusted: distrusted.indices.contains(number) ? distrusted[number] : nil)
        }
        let findable = FindableTools(
            zip(list.whole, servers).map { FindableTools.Item(definition: $0, server: $1.name, purpose: $1.purpose) },
            synonyms: routing.synonyms, learns: routing.learns)
        if let describing = list.describing { served.append(wrap(describing)) }
        var meta: MetaTools?
        if routing.mode != .off {
            let tools = MetaTools(besides: Set(served.map(\.definition.name)))
            served += tools.tools(for: findable, routing).map { tool in
                var definition = tool.definition
                if let profile { definition.inputSchema = profile.schema(definition.inputSchema) }
                return wrap(Tool(definition: definition, target: tool.target, tellsOfOthers: true))
            }
            meta = tools
        }
        tools = ToolSet(served)
        report = list.report
        if routing.mode != .off {
            let shown = served.filter(\.isListed)
            report.tools = shown.count
            report.bytes = shown.reduce(0) { $0 + ToolListing.size(of: $1.definition) }
        }
        self.routing = OfferRouting(tools: findable, meta: meta, limit: routing.limit, pinned: pinned)
    }
}
