import HTTPTypes
public import HubCore
import Logging
import NIOCore

/// Plans with a model that takes functions, in steps: it chooses a tool and its arguments, sees what comes of the call, and goes on until it has an
/// answer or a question.
///
/// 1. It sees the tools that the caller may use, of very many those that the words are likeliest about. 2. What it calls goes through the same
/// checks as what keywords choose. 3. Answers of tools are given to it as data, with a word that nothing in them is an instruction. 4. At its most
/// rounds or tokens it may only answer. 5. Where it is away when a task begins, keywords plan; later the task fails, and what was done stands.
public struct ModelPlanner: Planner {
    /// How far it may go for one task.
    public struct Bounds: Sendable, Hashable {
        /// The most calls.
        public var rounds = 8
        /// The most tokens of all thoughts, by the model's own count; one thought may go beyond.
        public var tokens = 60_000
        /// How long the work on one message may take before its last thought.
        public var time = Duration.seconds(180)
        /// The most tools that the model sees.
        public var tools = 64
        /// The most bytes of what was said that it sees, the newest.
        public var said = 32 << 10

        /// The usual bounds.
        public init() {}
    }

    private let model: String
    private let client: ApplicationClient
    private let instructions: String
    private let bounds: Bounds
    private let fallback: KeywordPlanner

    /// A planner for tools; which of them may be used, each request says.
    ///
    /// - Parameters:
    ///   - agent: the name of the agent in the configuration.
    ///   - tools: its skills.
    ///   - model: as requests name it.
    ///   - target: sends messages below `/v1` of a Model API, such as one of the hub itself.
    ///   - instructions: what the model is told beside what every planner is told; empty: nothing.
    ///   - bounds: how far it may go.
    public init(
        agent: String, tools: ToolSet, model: String, target: any CallTarget, instructions: String = "", bounds: Bounds = Bounds()
    ) {
        (self.model, self.instructions, self.bounds) = (model, instructions, bounds)
        client = ApplicationClient(agent: agent, tool: model, target: target)
        fallback = KeywordPlanner(tools)
    }

    /// Plans.
    public func plan(_ request: PlanRequest) async throws -> Plan {
        // Arguments that stand in words for a tool that is settled take no model.
        guard request.tool == nil else { return try await fallback.plan(request) }
        do {
            return try await think(request)
        } catch let error as ApplicationFailure {
            return try await withoutModel(request, error.error)
        } catch let error as HubError where error.code != .cancelled {
            return try await withoutModel(request, error)
        }
    }

    private func withoutModel(_ request: PlanRequest, _ error: HubError) async throws -> Plan {
        request.context.logger.warning("a planner is without its model", metadata: ["agent": "\(client.agent)", "error": "\(error)"])
        guard request.steps.isEmpty else {
            throw HubError(.upstreamFailed, "The model that plans failed; what was done so far stands", cause: error)
        }
        return try await fallback.plan(request)
    }

    // MARK: Thoughts

    /// How often the model may say again what made no sense.
    private static let attempts = 2

    private func think(_ request: PlanRequest) async throws -> Plan {
        var functions = PlannerFunctions(tools(for: request))
        var prompt = PlannerPrompt(instructions: instructions, request: request, most: bounds.said, names: functions)
        var spent = request.steps.reduce(0) { $0 + $1.tokens }
        var cost = 0
        for _ in 0..<Self.attempts {
            guard NIODeadline.now() < request.began + TimeAmount(bounds.time) else {
                throw HubError(.upstreamTimeout, "Planning takes too long")
            }
            functions.mayCall = request.steps.count < bounds.rounds && spent < bounds.tokens
            let body = prompt.body(model: model, functions)
            guard let answer = try await client.object(.post, "/chat/completions", body, context: request.context) else {
                throw ApplicationEvents.nonsense
            }
            let tokens = max(0, answer["usage"]?["total_tokens"]?.int ?? 0)
            (spent, cost) = (spent + tokens, cost + tokens)
            switch PlannerThought(answer, functions) {
            case .call(let tool, let arguments): return .step(tool: tool, arguments: arguments, tokens: cost)
            case .ask(let question): return .ask(question)
            case .answer(let text): return .answer(text)
            case .wrong(let message, let reason): prompt.correct(message, reason)
            case .nothing: throw ApplicationEvents.nonsense
            }
        }
        throw ApplicationEvents.nonsense
    }

    /// The tools that the model sees: all, or those that the words are likeliest about and those that were called.
    private func tools(for request: PlanRequest) -> [Tool] {
        let all = request.tools.tools
        guard all.count > bounds.tools else { return all }
        let called = request.steps.map(\.tool)
        let found = fallback.find(request.text, limit: bounds.tools, in: request.tools).map(\.name)
        var seen: Set<String> = []
        let names = (called + found).filter { seen.insert($0).inserted }
        let likely = names.compactMap { request.tools[$0] }
        return Array((likely + all.filter { !seen.contains($0.definition.name) }).prefix(bounds.tools))
    }
}
