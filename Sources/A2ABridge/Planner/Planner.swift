public import HubCore

/// What somebody wants of an agent, in words.
public struct PlanRequest: Sendable {
    /// The words; may be long.
    public var text: String
    /// The tools that may be used: what else there is does not exist for the caller.
    public var tools: ToolSet
    /// The tool that was settled on before; nil: it is to be chosen.
    public var tool: String?
    /// The arguments that the words answer a question for; empty where nothing was asked.
    public var asked: [String]
    /// Who wants it, and how its log is told.
    public var context: CallContext

    /// What is wanted.
    public init(text: String, tools: ToolSet, tool: String? = nil, asked: [String] = [], context: CallContext) {
        self.text = text
        self.tools = tools
        self.tool = tool
        self.asked = asked
        self.context = context
    }
}

/// What a planner makes of words.
public enum Plan: Sendable, Hashable {
    /// A tool with the arguments that the words state; others that the tool needs may be missing, and are asked for.
    case call(tool: String, arguments: JSONObject)
    /// Any of these tools, the likeliest first: whoever wants it must say which.
    case choose([String])
}

/// Turns words into a call of a tool. It performs nothing, and what it is not sure of it leaves out: that is asked for.
///
/// Conforming types are immutable, live as long as the agent that holds them, and are used by many calls at once.
public protocol Planner: Sendable {
    /// Plans.
    ///
    /// - Throws: `HubError` where what it plans with cannot be reached; `CancellationError`.
    func plan(_ request: PlanRequest) async throws -> Plan
}
