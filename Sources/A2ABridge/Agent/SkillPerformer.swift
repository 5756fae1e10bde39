import HTTPTypes
import HubCore
import Logging
import NIOCore

/// An agent whose skills are tools: it finds out which is wanted and with what, asks for what is missing, calls it, and hands over what it answers.
struct SkillPerformer: AgentPerformer {
    private let agent: String
    let tools: ToolSet
    private let schemas: [String: SkillSchema]
    private let planner: any Planner
    private let permission: (any EntryPermission)?
    private let asksBeforeHarm: Bool
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - agent: its name in the configuration.
    ///   - tools: the skills.
    ///   - planner: turns text into calls.
    ///   - permission: who may use what of it; nil: everybody who got in.
    ///   - asksBeforeHarm: whether a destructive tool is called only when the client has said yes.
    ///   - pause: waits before a service is asked again for the outcome of work that it took up.
    init(
        agent: String, tools: ToolSet, planner: any Planner, permission: (any EntryPermission)?, asksBeforeHarm: Bool,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.pause = pause
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

    /// 1. A task that has not come to work has called nothing. 2. A skill that the message names may be called again where it reads. 3. Which skill a
    /// planner chose, or goes on to, is not known: all that there are must read.
    func mayRepeat(_ turn: AgentTurn) -> Bool {
        if turn.task.status.state == .submitted { return true }
        let visible = tools(for: turn.context.principal)
        guard turn.note == nil, let named = SkillIntent(turn.message, asked: turn.asked).skill else {
            return visible.tools.allSatisfy { $0.definition.risk == .read }
        }
        return visible[named]?.definition.risk == .read
    }

    /// Does the work of one message: a call, or as many as a planner in steps wants, each of which goes the same way.
    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        let visible = tools(for: turn.context.principal)
        var work = Work(intent: SkillIntent(turn.message, asked: turn.asked), noted: PlanSteps(turn.note))
        work.leaveWordsToPlanner()
        repeat {
            let output = try await plan(&work, turn, visible)
            if let note = work.note { try await tell(.note(note)) }
            if let output { return try await tellEnd(output, tell) }
            guard let name = work.intent.skill, let tool = visible[name], let schema = schemas[name] else {
                return try await tell(.status(.rejected, saying: [Self.text("There is no such skill")]))
            }
            guard let arguments = try await settle(&work.intent, tool, schema, isFirst: work.steps?.steps.isEmpty ?? true, turn, tell)
            else {
                return
            }
            try await tell(.status(.working))
            guard work.steps != nil else { return try await call(tool, schema, arguments, work.intent.arguments, turn, tell) }
            try await takeStep(&work, tool, arguments, turn, tell)
        } while true
    }

    /// What is under way for one message.
    private struct Work {
        var intent: SkillIntent
        /// What was done so far; nil where the planner does not go in steps.
        var steps: PlanSteps?
        let began = NIODeadline.now()
        private var noted: PlanSteps?

        init(intent: SkillIntent, noted: PlanSteps?) { (self.intent, steps, self.noted) = (intent, noted, noted) }

        /// What is to be noted before anything else is told; nil: nothing new.
        var note: ByteBuffer? {
            mutating get {
                guard steps != noted else { return nil }
                noted = steps
                return steps?.bytes ?? ByteBuffer(string: "{}")
            }
        }

        /// In steps, an answer in words is for who planned, who sees all that was said.
        mutating func leaveWordsToPlanner() {
            guard steps != nil, !intent.isConfirmation, !intent.text.isEmpty else { return }
            intent.beginAgain()
        }
    }

    /// Tells of an answer, or a question, in place of a call.
    private func tellEnd(_ output: AgentOutput, _ tell: (AgentOutput) async throws -> Void) async throws {
        try await tell(output)
        if case .artifact = output { try await tell(.status(.completed)) }
    }

    /// Sees to what a call needs beside its tool: all arguments, permission, and a yes; nil where the task waits or has ended instead.
    ///
    /// - Parameter isFirst: whether nothing was done for the task yet.
    private func settle(
        _ intent: inout SkillIntent, _ tool: Tool, _ schema: SkillSchema, isFirst: Bool, _ turn: AgentTurn,
        _ tell: (AgentOutput) async throws -> Void
    ) async throws -> JSONValue? {
        let name = tool.definition.name
        for (name, value) in intent.loose where schema[name] != nil && intent.arguments[name] == nil { intent.arguments[name] = value }
        let missing = schema.missing(in: intent.arguments)
        guard missing.isEmpty else {
            try await tell(.asking(.missing(missing, of: name, known: intent.arguments)))
            return nil
        }
        let bytes = JSONTree.object(intent.arguments).bytes
        guard let arguments = try? JSONDocument(parsing: bytes, limits: .message).root else {  // each part of it was within the limits
            throw HubError(.tooLarge, "The arguments are too large")
        }
        if let permission, !permission.allows(tool: name, arguments: arguments, to: permission.standing(of: turn.context.principal)) {
            try await tell(.status(.rejected, saying: [Self.text("This skill may not be used with these arguments")]))
            return nil
        }
        if asksBeforeHarm, tool.definition.risk == .destructive {
            switch intent.confirmation {
            case nil:
                try await tell(.asking(.confirmation(of: name, arguments: intent.arguments)))
                return nil
            case false?:
                let text = isFirst ? "Nothing was done" : "This was not done; what was done before stands"
                try await tell(.status(.canceled, saying: [Self.text(text)]))
                return nil
            case true?: break
            }
        }
        return arguments
    }

    // MARK: What is wanted

    /// Lets the planner see to what the message says in text; gives what is told in place of a call.
    private func plan(_ work: inout Work, _ turn: AgentTurn, _ visible: ToolSet) async throws -> AgentOutput? {
        let intent = work.intent
        guard !intent.isConfirmation, intent.skill == nil || !intent.text.isEmpty else { return nil }
        if intent.skill == nil {
            guard !visible.tools.isEmpty else { return .status(.rejected, saying: [Self.text("There is nothing here that you may use")]) }
            var request = PlanRequest(text: intent.text, tools: visible, context: turn.context)
            (request.said, request.steps, request.began) = (Self.sayings(of: turn.task), work.steps?.steps ?? [], work.began)
            let plan = try await planner.plan(request)
            switch plan {
            case .choose(let names): return .asking(.whichSkill(names.filter { visible[$0] != nil }, arguments: intent.arguments))
            case .call(let tool, let arguments):
                work.intent.skill = tool
                work.intent.take(arguments)
                work.steps = nil
            case .step(let tool, let arguments, let tokens):
                work.intent.plan(tool, arguments)
                work.steps = work.steps ?? PlanSteps()
                work.steps?.tokens = tokens
            case .ask(let question):
                work.steps = work.steps ?? PlanSteps()
                return .status(.inputRequired, saying: [Self.text(question)])
            case .answer(let text):
                return .artifact(Artifact(artifactID: "answer", name: agent, parts: [Self.text(text)]))
            }
            return nil
        }
        // Which skill it is was not known when the first words came: they may have said what else is needed.
        let isChosenNow = intent.question?.wanted == [SkillQuestion.skillMember]
        let words = isChosenNow ? Self.words(of: turn.task) : intent.text
        let asked = (intent.question?.wanted ?? []).filter { $0 != SkillQuestion.skillMember && $0 != SkillQuestion.confirmMember }
        let request = PlanRequest(text: words, tools: visible, tool: intent.skill, asked: asked, context: turn.context)
        if case .call(_, let arguments) = try await planner.plan(request) { work.intent.take(arguments) }
        return nil
    }

    /// All that the client has said in text.
    private static func words(of task: AgentTask) -> String {
        let texts = task.history.filter { $0.role == .user }.flatMap(\.parts).compactMap { part -> String? in
            if case .text(let text) = part.content { text } else { nil }
        }
        return texts.joined(separator: "\n")
    }

    /// All that was said, of objects their JSON.
    private static func sayings(of task: AgentTask) -> [PlanRequest.Saying] {
        task.history.compactMap { message in
            let texts = message.parts.compactMap { part -> String? in
                switch part.content {
                case .text(let text): text
                case .data(let bytes): message.role == .user ? String(buffer: bytes) : nil
                case .raw, .url: nil
                }
            }
            return texts.isEmpty ? nil : PlanRequest.Saying(isAgent: message.role == .agent, text: texts.joined(separator: "\n"))
        }
    }

    // MARK: Calls

    private func call(
        _ tool: Tool, _ schema: SkillSchema, _ arguments: JSONValue, _ known: JSONObject, _ turn: AgentTurn,
        _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        let name = tool.definition.name
        let response: CallResponse
        do {
            response = try await self.response(of: tool, arguments, turn, tell)
        } catch let error as HubError {
            // What the client can mend, it is asked for.
            guard error.code == .invalidArguments, let wrong = error.argument.flatMap({ schema[$0] }) else { throw error }
            var known = known
            known[wrong.name] = nil
            return try await tell(.asking(.missing([wrong], of: name, known: known, because: error.message)))
        }
        try await SkillAnswer(skill: name, isStreamed: turn.isStreamed).tell(response, tell)
    }

    /// The longest that a service is not asked again.
    private static let longestPause = Duration.seconds(15)

    /// The answer of a tool, which of a service that takes work up is the outcome.
    private func response(
        of tool: Tool, _ arguments: JSONValue, _ turn: AgentTurn, _ tell: (AgentOutput) async throws -> Void
    ) async throws -> CallResponse {
        var response = try await firstResponse(of: tool, arguments, turn)
        guard response.continuation != nil else { return response }
        try await tell(.status(.working, saying: [Self.text("The service has taken the work up")]))
        var wait = Duration.seconds(1)
        while let work = response.continuation {
            let asked = response.fields.value(.retryAfter).flatMap { Int($0) }.map { Duration.seconds(min(max(1, $0), 60)) }
            try await pause(asked ?? wait)
            wait = min(wait * 2, Self.longestPause)
            response = try await work.perform(Call(entry: agent, tool: tool.definition.name, arguments: nil), context: turn.context)
        }
        return response
    }

    private func firstResponse(of tool: Tool, _ arguments: JSONValue, _ turn: AgentTurn) async throws -> CallResponse {
        let name = tool.definition.name
        var context = turn.context
        if tool.tellsOfOthers { context.visibleTools = tools(for: context.principal) }
        do {
            return try await tool.target.perform(Call(entry: agent, tool: name, arguments: arguments), context: context)
        } catch let error as HubError where error.code == .internal {
            context.logger.error("a skill failed", metadata: ["skill": "\(name)", "error": "\(error)"])
            throw HubError(.internal, "The hub failed to answer")
        }
    }

    /// Makes a call for a planner that wants to see what comes of it; what succeeds is an artifact.
    private func takeStep(
        _ work: inout Work, _ tool: Tool, _ arguments: JSONValue, _ turn: AgentTurn, _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        var steps = work.steps ?? PlanSteps()
        guard steps.steps.count < PlanSteps.most else { throw HubError(.tooLarge, "The task has come to its most calls") }
        let (parts, isFailure) = try await outcome(of: tool, arguments, turn, tell)
        let name = tool.definition.name
        steps.steps.append(
            PlanStep(
                tool: name, arguments: work.intent.arguments, result: SkillAnswer.summary(parts), isFailure: isFailure, tokens: steps.tokens
            ))
        steps.tokens = 0
        if !isFailure, !parts.isEmpty {
            try await tell(.artifact(Artifact(artifactID: "step-\(steps.steps.count)", name: name, parts: parts)))
        }
        work.steps = steps
        work.intent.beginAgain()
    }

    /// What comes of a call; a failure is told to the planner, which may know another way.
    private func outcome(
        of tool: Tool, _ arguments: JSONValue, _ turn: AgentTurn, _ tell: (AgentOutput) async throws -> Void
    ) async throws -> (parts: [MessagePart], isFailure: Bool) {
        do {
            let response = try await response(of: tool, arguments, turn, tell)
            return try await SkillAnswer(skill: tool.definition.name, isStreamed: false).parts(of: response)
        } catch let error as HubError where error.code != .internal && error.code != .cancelled {
            return ([Self.text(error.message)], true)
        }
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
