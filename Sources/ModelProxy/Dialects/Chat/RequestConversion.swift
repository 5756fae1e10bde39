import HubCore
import NIOCore

/// A request as a provider gets it.
struct ProviderRequest: Sendable, Hashable {
    /// The path below the provider's base, with its query.
    var path: String
    /// JSON.
    var body: ByteBuffer
    /// What was dropped or rewritten.
    var losses: Set<ConversionLoss>
    /// What the tools are called, for the answer.
    var names: ToolNames
}

/// What has to be known of a provider or a model beyond its dialect.
struct ProviderFeatures: Sendable, Hashable {
    /// Whether an OpenAI-like server wants `max_completion_tokens`, as OpenAI itself does, rather than `max_tokens`.
    var takesCompletionTokens = true
    /// Whether an OpenAI-like server takes the model's thoughts back, as `reasoning_content`.
    var takesReasoning = false
    /// The most tokens of an answer for whose request says nothing, where the dialect must be told.
    var maximumTokens = 4096
    /// Whether a model of Anthropic decides by itself how much to think; older ones are told a number of tokens.
    var thinksAdaptively = true
    /// Whether a model of Anthropic takes a temperature and the like. Version 2026-10-21 of its API refuses them, and so do newer models
    /// under 2023-06-01.
    var takesSampling = false
    /// Members that an OpenAI-like server wants besides, such as MiniMax's `reasoning_split`, where a request does not say otherwise.
    var members: [JSONMember] = []
    /// Whether instructions between turns may stay where they are, for Anthropic's newer models.
    var takesSystemTurns = false
}

/// What the writers of all dialects do alike on the way.
struct RequestConversion {
    let request: ChatRequest
    let dialect: Dialect
    let names: ToolNames
    /// The tool of each call by its id, for dialects whose results name the tool.
    let calledTools: [ExactText: String]
    var losses: Set<ConversionLoss> = []

    /// Judges what no dialect can carry, and settles the names of tools.
    init(_ request: ChatRequest, to dialect: Dialect, rule: NameRule) throws(RequestRefusal) {
        guard request.answers == 1 else { throw RequestRefusal(.severalAnswers, "Only one answer can be asked for here", parameter: "n") }
        try request.checkResults()
        calledTools = request.calledTools
        self.request = request
        self.dialect = dialect
        names = ToolNames(of: request, rule: rule)
        if names.areChanged { losses.insert(.toolName) }
        if !isSameDialect, !request.others.isEmpty { losses.insert(.unknownMember) }
    }

    /// Whether what only a dialect knows goes on.
    var isSameDialect: Bool { request.dialect == dialect }

    /// Whether the model has to call a tool.
    var isCallForced: Bool {
        switch request.toolChoice {
        case .required, .tool, .allowed(_, isRequired: true): true
        case nil, .auto, .none?, .allowed(_, isRequired: false): false
        }
    }

    /// Lists what the other side has no place for.
    mutating func drop(_ loss: ConversionLoss, if isThere: Bool) {
        if isThere { losses.insert(loss) }
    }

    /// The tools that go on: functions, those of the dialect itself, and of those the ones that may be chosen.
    mutating func tools() throws(RequestRefusal) -> [ChatTool] {
        var tools = request.tools.filter { tool in
            if case .foreign = tool { isSameDialect } else { true }
        }
        drop(.hostedTool, if: tools.count < request.tools.count)
        if case .allowed(let allowed, _) = request.toolChoice {
            losses.insert(.allowedTools)
            let allowed = Set(allowed.map { ExactText($0) })
            tools.removeAll { $0.name.map { !allowed.contains(ExactText($0)) } ?? true }
        }
        let isPossible =
            switch request.toolChoice {
            case .tool(let name): tools.contains { $0.name.map { ExactText($0) == ExactText(name) } ?? false }
            case .required, .allowed(_, isRequired: true): !tools.isEmpty
            case .auto, .none?, .allowed(_, isRequired: false), nil: true
            }
        guard isPossible else {
            throw RequestRefusal(
                .chosenTool, "The tool that has to be called is not among the tools of this provider", parameter: "tool_choice")
        }
        return tools
    }

    /// The turns as dialects take them in which the two sides alternate:
    /// 1. Text of white space alone is left out, thoughts that the provider did not sign, and turns in which nothing is left.
    /// 2. Instructions between turns become text of the user.
    /// 3. Turns of one side in a row are one, results of tools before all else in it.
    /// 4. The user begins.
    ///
    /// - Parameter keepsSystemTurns: leaves instructions between turns where they are.
    mutating func alternatingTurns(keepsSystemTurns: Bool = false) throws(RequestRefusal) -> [ChatTurn] {
        var merged: [ChatTurn] = []
        for turn in request.turns {
            let parts = turn.parts.filter { part in
                switch part {
                case .text(let text): text.contains { !$0.isWhitespace }
                case .reasoning(let reasoning): reasoning.signature?.origin == dialect
                case .refusal, .image, .audio, .file, .toolCall, .toolResult, .foreign: true
                }
            }
            drop(.foreignReasoning, if: turn.parts.contains(where: \.isReasoning) && !parts.contains(where: \.isReasoning))
            guard !parts.isEmpty else { continue }
            let isMoved = turn.role == .system && !keepsSystemTurns
            drop(.systemTurn, if: isMoved)
            let role = isMoved ? .user : turn.role
            if merged.last?.role == role {
                merged[merged.count - 1].parts += parts  // in place: a copy for each turn would make long conversations quadratic
            } else {
                merged.append(ChatTurn(role: role, parts: parts))
            }
        }
        guard let first = merged.first else {
            throw RequestRefusal(.noTurns, "A conversation needs a turn of the user", parameter: "messages")
        }
        for index in merged.indices where merged[index].role == .user {
            let results = merged[index].parts.filter(\.isToolResult)
            if !results.isEmpty { merged[index].parts = results + merged[index].parts.filter { !$0.isToolResult } }
        }
        if first.role == .assistant {
            losses.insert(.firstTurn)
            merged.insert(ChatTurn(role: .user, parts: [.text("(The conversation begins with the assistant.)")]), at: 0)
        }
        return merged
    }

    /// What the results of a turn hold besides text, for dialects whose results are text: it follows them in the user's words.
    mutating func media(ofResultsIn turn: ChatTurn) -> [ChatPart] {
        var media: [ChatPart] = []
        for case .toolResult(let result) in turn.parts {
            media += result.content.filter { part in if case .text = part { false } else { true } }
            drop(.failedResult, if: result.isError)
        }
        drop(.resultMedia, if: !media.isEmpty)
        return media
    }

    /// An id of a call that the other side takes; the same for the same, wherever it stands.
    mutating func callID(_ id: String, rule: NameRule) -> String {
        guard !rule.allows(id) else { return id }
        losses.insert(.callID)
        return rule.fit(id)
    }

    /// A number, or the nearest that the other side takes.
    mutating func clamp(_ number: DecimalNumber?, to maximum: DecimalNumber?) -> DecimalNumber? {
        guard let number, let maximum, number > maximum else { return number }
        losses.insert(.range)
        return maximum
    }

    /// The texts that end an answer, without those of white space alone where the other side refuses them.
    mutating func stops(atMost maximum: Int, takesBlank: Bool) throws(RequestRefusal) -> [String] {
        let kept = takesBlank ? request.stop : request.stop.filter { $0.contains { !$0.isWhitespace } }
        drop(.blankStop, if: kept.count < request.stop.count)
        guard kept.count <= maximum else {
            throw RequestRefusal(.tooManyStops, "At most \(maximum) texts can end an answer here", parameter: "stop")
        }
        return kept
    }

    /// The instructions, with one that the answer be JSON where the other side has no setting for it.
    mutating func system(saysJSON: Bool) -> [String] {
        guard saysJSON, request.output == .jsonObject else { return request.system }
        losses.insert(.jsonObject)
        return request.system + ["Answer with one JSON object and nothing else."]
    }

    /// A part that has no place on the other side.
    func refuse(_ part: ChatPart) -> RequestRefusal {
        switch part {
        case .image(let media), .audio(let media), .file(let media):
            switch media.source {
            case .url: refusal(.mediaByURL, "This provider takes pictures and files only as data, not by URL")
            case .id: refusal(.fileID, "The file does not lie with this provider")
            case .base64: refusal(.mediaKind, "This provider does not take this kind of media")
            }
        case .foreign(let type, _):
            refusal(.unknownContent, "Content of type \(type.prefix(64)) cannot be converted for this provider")
        case .text, .refusal, .toolCall, .toolResult, .reasoning:
            refusal(.unknownContent, "A part of a message stands where this provider does not take it")
        }
    }

    private func refusal(_ loss: ConversionLoss, _ message: String) -> RequestRefusal {
        RequestRefusal(loss, message, parameter: "messages")
    }
}
