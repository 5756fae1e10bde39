import HubCore
import HubTelemetry
import MCPHub

/// A tool as its own server shows it, before a list is made: what every entry that shows it has in common.
struct ComposedTool: Sendable {
    /// How it looks, with all that there is to say of it.
    var definition: ToolDefinition
    /// How its server describes it, before the operator's changes.
    let original: ToolDefinition
    /// What was decided about that.
    var standing = ToolStanding.unjudged
    /// Whether its answers are the words of others, whom nobody trusts.
    var isDistrusted = false
    /// What performs it, without policies.
    var target: any CallTarget
    /// What puts the operator's values into its arguments, the outermost first.
    var fills: [ArgumentFill] = []
    /// The server that it is from, and the name it has there: what metrics know it by, whoever shows it.
    var server: String
    /// See `server`.
    var name: String
    /// Whether another MCP server performs it, which may say little of arguments that do not fit.
    var isRemote: Bool { target is OriginToolTarget }

    /// A tool of a server.
    init(definition: ToolDefinition, of original: ToolDefinition, target: any CallTarget, fill: ArgumentFill?, server: String) {
        self.definition = definition
        self.original = original
        self.target = target
        self.fills = [fill].compactMap { $0 }
        self.server = server
        name = definition.name
    }

    /// What stands around a call of a tool, the outermost first.
    static func policies(
        server: String, tool: String, hint: (any Policy)?, check: (any Policy)? = nil, fills: [ArgumentFill], metrics: HubMetrics
    ) -> [any Policy] {
        let order: [(any Policy)?] = [
            metrics.calls(server: server, tool: tool),  // outermost: how a call ended is known at its end
            hint,  // outside of all that looks at arguments: it tells what they have to be
            check,  // of what the caller sent
        ]
        return order.compactMap { $0 } + fills  // innermost: what is checked before is what the caller sent
    }

    /// The tools of one entry as they are served, each with its policies around its target, and how large their list is.
    ///
    /// - Parameter entry: the name of the entry, which may be another than that of the server that a tool is from.
    static func list(
        _ tools: [ComposedTool], of entry: String, profile: ClientProfile?, detail: ListDetail?, routing: ToolRouting = ToolRouting(),
        purposes: [String: String] = [:], metrics: HubMetrics
    ) -> ServedTools {
        // Where few are listed, those are listed with all there is to say.
        let detail = routing.mode == .search ? .full : detail ?? .full
        var list = ToolListMaker(profile: profile, detail: detail, server: entry).list(tools.map(\.definition))
        // Who calls what is not listed may not have its schema at hand.
        if routing.mode == .search { list.short = Set(list.listed.indices) }
        return ServedTools(
            list, servers: tools.map { ($0.server, purposes[$0.server]) }, distrusted: tools.map { $0.isDistrusted ? $0.server : nil },
            routing: routing, profile: profile
        ) { number in
            let tool = tools[number]
            // Metrics know a tool by the name it has without a client's limits.
            let policies = policies(
                server: tool.server, tool: tool.name, hint: list.hint(number), check: tool.isRemote ? list.check(number) : nil,
                fills: tool.fills, metrics: metrics)
            return PolicyChain(policies, around: tool.target)
        } wrap: { tool in
            let policies = policies(server: entry, tool: tool.definition.name, hint: nil, check: nil, fills: [], metrics: metrics)
            return Tool(definition: tool.definition, target: PolicyChain(policies, around: tool.target), tellsOfOthers: tool.tellsOfOthers)
        }
    }
}
