public import HubCore
public import NIOCore

/// What somebody wants of an agent, in words.
public struct PlanRequest: Sendable {
    /// Something that was said.
    public struct Saying: Sendable, Hashable {
        /// Whether the agent said it.
        public var isAgent: Bool
        /// What was said.
        public var text: String

        /// Something that was said.
        public init(isAgent: Bool, text: String) { (self.isAgent, self.text) = (isAgent, text) }
    }

    /// The words; may be long.
    public var text: String
    /// The tools that may be used: what else there is does not exist for the caller.
    public var tools: ToolSet
    /// The tool that was settled on before; nil: it is to be chosen.
    public var tool: String?
    /// The arguments that the words answer a question for; empty where nothing was asked.
    public var asked: [String]
    /// All that was said in the task, oldest first, the words included.
    public var said: [Saying] = []
    /// What was done for the task so far, by planners that want to see what comes of their calls.
    public var steps: [PlanStep] = []
    /// When the work on the message began.
    public var began = NIODeadline.now()
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
    /// A tool with the arguments that the words state; others that the tool needs may be missing, and are asked for. Its answer is the task's.
    case call(tool: String, arguments: JSONObject)
    /// Any of these tools, the likeliest first: whoever wants it must say which.
    case choose([String])
    /// A tool that is called as with `call`, whose answer the planner wants to see: it is asked again. `tokens` is what the thought cost.
    case step(tool: String, arguments: JSONObject, tokens: Int)
    /// Something that only the client knows.
    case ask(String)
    /// Nothing more is to be done: the answer, in words.
    case answer(String)
}

/// Turns words into a call of a tool. It performs nothing, and what it is not sure of it leaves out: that is asked for.
///
/// What it says is called goes through the same checks whoever says it: permission, required arguments, and a yes before what cannot be undone.
/// Conforming types are immutable, live as long as the agent that holds them, and are used by many calls at once.
public protocol Planner: Sendable {
    /// Plans.
    ///
    /// - Throws: `HubError` where what it plans with cannot be reached; `CancellationError`.
    func plan(_ request: PlanRequest) async throws -> Plan
}
