/// What a dialect cannot carry of a request, and the one thing that then happens, whatever the two dialects are.
///
/// The rule behind the table: what would change what the answer is or is about is refused; what only nudges the model, or is of use to nobody
/// but the provider, is dropped; what the other side says in other words is rewritten. Nothing is left out without being listed, but for
/// members of single messages, parts and tools that the hub does not know, such as marks for a provider's cache.
enum ConversionLoss: String, Sendable, Hashable, CaseIterable {
    /// What happens.
    enum Rule: Sendable, Hashable {
        /// The request is refused.
        case refuse
        /// The request goes on without it.
        case drop
        /// It goes on in other words.
        case rewrite
    }

    // Refused.
    /// More than one answer (`n`).
    case severalAnswers
    /// A picture or file by its address, where only bytes are taken: the hub does not fetch for callers.
    case mediaByURL
    /// A kind of picture, sound or file that the other side does not take.
    case mediaKind
    /// The id of a file that lies with another provider.
    case fileID
    /// A part of a turn that only its own dialect knows.
    case unknownContent
    /// An answer in sound.
    case audioOutput
    /// The result of a tool that was not called before it.
    case resultWithoutCall
    /// More texts that end an answer than the other side takes.
    case tooManyStops
    /// A conversation that a provider keeps.
    case storedState
    /// A choice of tool that is not among the tools that go on.
    case chosenTool
    /// No turn at all.
    case noTurns

    // Dropped.
    /// Probabilities of tokens.
    case logprobs
    /// The seed.
    case seed
    /// For or against single tokens.
    case logitBias
    /// Presence and frequency.
    case penalties
    /// The number of tokens to choose from.
    case topK
    /// That calls come one at a time.
    case parallelCalls
    /// A tool that the caller's own provider would run.
    case hostedTool
    /// Thoughts that another provider signed, or that the other side does not take back.
    case foreignReasoning
    /// Members of the request that only their own dialect knows.
    case unknownMember
    /// Texts that end an answer and are only white space.
    case blankStop
    /// A user that looks like an e-mail address, which Anthropic does not take.
    case personalUser
    /// The caller's user and what it keeps with the request.
    case metadata
    /// Temperature and the like, where the model thinks or does not take them.
    case sampling
    /// Thinking, where a call is forced.
    case reasoningWithForcedCall
    /// How much to think, where the other side has no such setting.
    case reasoning
    /// That a schema holds without exception.
    case strictSchema

    // Rewritten.
    /// An instruction between turns becomes text of the user.
    case systemTurn
    /// A tool gets another name, and its own back in the answer.
    case toolName
    /// A call gets another id, the same in its result.
    case callID
    /// Arguments in the history that are no object of JSON become one that holds them as text.
    case unreadableArguments
    /// A number outside what the other side takes becomes the nearest.
    case range
    /// That the answer be JSON becomes an instruction.
    case jsonObject
    /// A conversation that the model begins gets a turn of the user before it.
    case firstTurn
    /// Pictures and files in the result of a tool follow it in the user's words.
    case resultMedia
    /// That a tool failed is said in its result.
    case failedResult
    /// A choice among some tools becomes a shorter list of them.
    case allowedTools

    /// What happens.
    var rule: Rule {
        switch self {
        case .severalAnswers, .mediaByURL, .mediaKind, .fileID, .unknownContent, .audioOutput, .resultWithoutCall, .tooManyStops,
            .storedState, .chosenTool, .noTurns:
            .refuse
        case .logprobs, .seed, .logitBias, .penalties, .topK, .parallelCalls, .hostedTool, .foreignReasoning, .unknownMember, .blankStop,
            .personalUser, .metadata, .sampling, .reasoningWithForcedCall, .reasoning, .strictSchema:
            .drop
        case .systemTurn, .toolName, .callID, .unreadableArguments, .range, .jsonObject, .firstTurn, .resultMedia, .failedResult,
            .allowedTools:
            .rewrite
        }
    }
}

/// Why a request is refused, in words that its caller may read.
struct RequestRefusal: Error, Sendable, Hashable {
    /// What could not be converted; nil for a request that is wrong in its own dialect.
    var loss: ConversionLoss?
    /// In words; of the request's content only names of types.
    var message: String
    /// The member that is meant, such as `messages[2].content`.
    var parameter: String?

    /// A request that is wrong in its own dialect.
    init(_ message: String, parameter: String?) {
        self.message = message
        self.parameter = parameter
    }

    /// A request that the provider's dialect cannot carry.
    init(_ loss: ConversionLoss, _ message: String, parameter: String? = nil) {
        self.loss = loss
        self.message = message
        self.parameter = parameter
    }
}
