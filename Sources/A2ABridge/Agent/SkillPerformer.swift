import HubCore
import Logging

/// An agent whose skills are tools: it finds out which is wanted and with what, asks for what is missing, calls it, and hands over what it answers.
struct SkillPerformer: AgentPerformer {
    private let agent: String
    private let tools: ToolSet
    private let schemas: [String: SkillSchema]
    private let planner: any Planner
    private let permission: (any EntryPermission)?
    private let asksBeforeHarm: Bool

    /// - Parameters:
    ///   - agent: its name in the configuration.
    ///   - tools: the skills.
    ///   - planner: turns text into calls.
    ///   - permission: who may use what of it; nil: everybody who got in.
    ///   - asksBeforeHarm: whether a destructive tool is called only when the client has said yes.
    init(agent: String, tools: ToolSet, planner: any Planner, permission: (any EntryPermission)?, asksBeforeHarm: Bool) {
        (self.agent, self.tools, self.planner) = (agent, tools, planner)
        (self.permission, self.asksBeforeHarm) = (permission, asksBeforeHarm)
        schemas = Dictionary(tools.tools.map { ($0.definition.name, SkillSchema($0.definition)) }) { first, _ in first }
    }

    /// The tools that a caller may use.
    func tools(for principal: Principal) -> ToolSet {
        guard let permission else { return tools }
        let standing = permission.standing(of: principal)
        return ToolSet(tools.tools.filter { permission.shows(tool: $0.definition.name, to: standing) })
    }

    /// A skill that is named must be there for the caller.
    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {
        guard let named = SkillIntent.namedSkill(message), tools(for: context.principal)[named] == nil else { return }
        throw A2AFailure(.taskNotFound, "There is no such skill")
    }

    /// Does the work of one message.
    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        let visible = tools(for: turn.context.principal)
        var intent = SkillIntent(turn.message, asked: turn.asked)
        if let question = try await plan(&intent, turn, visible) { return try await tell(question) }
        guard let name = intent.skill, let tool = visible[name], let schema = schemas[name] else {
            return try await tell(.status(.rejected, saying: [Self.text("There is no such skill")]))
        }
        for (name, value) in intent.loose where schema[name] != nil && intent.arguments[name] == nil { intent.arguments[name] = value }
        let missing = schema.missing(in: intent.arguments)
        guard missing.isEmpty else {
            return try await tell(.asking(.missing(missing, of: name, known: intent.arguments)))
        }
        let bytes = JSONTree.object(intent.arguments).bytes
        guard let arguments = try? JSONDocument(parsing: bytes, limits: .message).root else {  // each part of it was within the limits
            throw HubError(.tooLarge, "The arguments are too large")
        }
        if let permission, !permission.allows(tool: name, arguments: arguments, to: permission.standing(of: turn.context.principal)) {
            return try await tell(.status(.rejected, saying: [Self.text("This skill may not be used with these arguments")]))
        }
        if asksBeforeHarm, tool.definition.risk == .destructive {
            switch intent.confirmation {
            case nil: return try await tell(.asking(.confirmation(of: name, arguments: intent.arguments)))
            case false?: return try await tell(.status(.canceled, saying: [Self.text("Nothing was done")]))
            case true?: break
            }
        }
        try await tell(.status(.working))
        try await call(tool, schema, arguments, intent.arguments, turn, tell)
    }

    // MARK: What is wanted

    /// Lets the planner see to what the message says in text; gives a question where it does not know either.
    private func plan(_ intent: inout SkillIntent, _ turn: AgentTurn, _ visible: ToolSet) async throws -> AgentOutput? {
        let isAnswered = intent.confirmation != nil && intent.question?.wanted == [SkillQuestion.confirmMember]
        guard !isAnswered, intent.skill == nil || !intent.text.isEmpty else { return nil }
        if intent.skill == nil {
            guard !visible.tools.isEmpty else { return .status(.rejected, saying: [Self.text("There is nothing here that you may use")]) }
            let request = PlanRequest(text: intent.text, tools: visible, context: turn.context)
            switch try await planner.plan(request) {
            case .choose(let names): return .asking(.whichSkill(names.filter { visible[$0] != nil }, arguments: intent.arguments))
            case .call(let tool, let arguments):
                intent.skill = tool
                intent.take(arguments)
                return nil
            }
        }
        // Which skill it is was not known when the first words came: they may have said what else is needed.
        let isChosenNow = intent.question?.wanted == [SkillQuestion.skillMember]
        let words = isChosenNow ? Self.words(of: turn.task) : intent.text
        let asked = (intent.question?.wanted ?? []).filter { $0 != SkillQuestion.skillMember && $0 != SkillQuestion.confirmMember }
        let request = PlanRequest(text: words, tools: visible, tool: intent.skill, asked: asked, context: turn.context)
        if case .call(_, let arguments) = try await planner.plan(request) { intent.take(arguments) }
        return nil
    }

    /// All that the client has said in text.
    private static func words(of task: AgentTask) -> String {
        let texts = task.history.filter { $0.role == .user }.flatMap(\.parts).compactMap { part -> String? in
            if case .text(let text) = part.content { text } else { nil }
        }
        return texts.joined(separator: "\n")
    }

    // MARK: Calls

    private func call(
        _ tool: Tool, _ schema: SkillSchema, _ arguments: JSONValue, _ known: JSONObject, _ turn: AgentTurn,
        _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        let name = tool.definition.name
        var context = turn.context
        if tool.tellsOfOthers { context.visibleTools = tools(for: context.principal) }
        let response: CallResponse
        do {
            response = try await tool.target.perform(Call(entry: agent, tool: name, arguments: arguments), context: context)
        } catch let error as HubError {
            // What the client can mend, it is asked for.
            if error.code == .invalidArguments, let wrong = error.argument.flatMap({ schema[$0] }) {
                var known = known
                known[wrong.name] = nil
                return try await tell(.asking(.missing([wrong], of: name, known: known, because: error.message)))
            }
            if error.code == .internal {
                context.logger.error("a skill failed", metadata: ["skill": "\(name)", "error": "\(error)"])
                throw HubError(.internal, "The hub failed to answer")
            }
            throw error
        }
        try await SkillAnswer(skill: name, isStreamed: turn.isStreamed).tell(response, tell)
    }

    private static func text(_ text: String) -> MessagePart { MessagePart(content: .text(text)) }
}

extension SkillIntent {
    /// Takes what words state, where it was not said otherwise.
    fileprivate mutating func take(_ stated: JSONObject) {
        for (name, value) in stated where arguments[name] == nil { arguments[name] = value }
    }
}

extension AgentOutput {
    /// A task that waits for an answer.
    fileprivate static func asking(_ question: SkillQuestion) -> AgentOutput { .status(.inputRequired, saying: question.parts) }
}
