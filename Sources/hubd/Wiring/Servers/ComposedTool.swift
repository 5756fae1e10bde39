import HubCore
import HubTelemetry
import MCPHub

/// A tool as its own server shows it, before a list is made: what every entry that shows it has in common.
struct ComposedTool: Sendable {
    /// How it looks, with all that there is to say of it.
    var definition: ToolDefinition
    /// What performs it, without policies.
    var target: any CallTarget
    /// What puts the operator's values into its arguments, the outermost first.
    var fills: [ArgumentFill] = []
    /// The server that it is from, and the name it has there: what metrics know it by, whoever shows it.
    var server: String
    /// See `server`.
    var name: String

    /// A tool of a server.
    init(definition: ToolDefinition, target: any CallTarget, fill: ArgumentFill?, server: String) {
        self.definition = definition
        self.target = target
        self.fills = [fill].compactMap { $0 }
        self.server = server
        name = definition.name
    }

    /// What stands around a call of a tool, the outermost first.
    static func policies(
        server: String, tool: String, hint: (any Policy)?, fills: [ArgumentFill], metrics: HubMetrics
    ) -> [any Policy] {
        let order: [(any Policy)?] = [
            metrics.calls(server: server, tool: tool),  // outermost: how a call ended is known at its end
            hint,  // outside of all that looks at arguments: it tells what they have to be
        ]
        return order.compactMap { $0 } + fills  // innermost: what is checked before is what the caller sent
    }

    /// The tools of one entry as they are served, each with its policies around its target, and how large their list is.
    ///
    /// - Parameter entry: the name of the entry, which may be another than that of the server that a tool is from.
    static func list(
        _ tools: [ComposedTool], of entry: String, profile: ClientProfile?, detail: ListDetail?, metrics: HubMetrics
    ) -> (tools: ToolSet, report: ListReport) {
        let list = ToolListMaker(profile: profile, detail: detail ?? .full, server: entry).list(tools.map(\.definition))
        var served = zip(tools, list.listed).enumerated().map { number, pair in
            let (tool, listed) = pair
            // Metrics know a tool by the name it has without a client's limits.
            let policies = policies(server: tool.server, tool: tool.name, hint: list.hint(number), fills: tool.fills, metrics: metrics)
            return Tool(definition: listed, target: PolicyChain(policies, around: tool.target))
        }
        if let tool = list.describing {
            let policies = policies(server: entry, tool: tool.definition.name, hint: nil, fills: [], metrics: metrics)
            served.append(
                Tool(definition: tool.definition, target: PolicyChain(policies, around: tool.target), tellsOfOthers: tool.tellsOfOthers))
        }
        return (ToolSet(served), list.report)
    }
}
