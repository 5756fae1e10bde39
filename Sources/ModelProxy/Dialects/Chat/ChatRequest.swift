import HubCore
import NIOCore

/// A request for an answer of a model, in the words of no dialect.
struct ChatRequest: Sendable, Hashable {
    /// Whose members `others` are, and whose `foreign` tools and parts.
    var dialect: Dialect
    /// The model that is asked for.
    var model: String
    /// The instructions before the first turn, each a text.
    var system: [String] = []
    /// What has been said, in order.
    var turns: [ChatTurn] = []
    /// What the model may call.
    var tools: [ChatTool] = []
    /// Whether, and which of, the tools are to be called; nil leaves it to the model.
    var toolChoice: ToolChoice?
    /// Whether one answer may hold several calls; nil leaves it to the provider.
    var allowsParallelCalls: Bool?
    /// How the next token is chosen.
    var sampling = ChatSampling()
    /// How many answers are wanted.
    var answers = 1
    /// How many alternatives to each token are wanted with their probabilities, 0 for the token alone; nil for none at all.
    var logprobs: Int?
    /// The texts that end an answer.
    var stop: [String] = []
    /// The most tokens of the answer, reasoning included.
    var maximumTokens: Int?
    /// The form of the answer.
    var output = OutputFormat.text
    /// How much the model is to think.
    var reasoning = ReasoningSetting()
    /// Whether the answer is wanted in pieces.
    var isStreaming = false
    /// Whether a stream is to say what it used.
    var includesUsage = false
    /// The caller's own user, for the provider's protection against abuse.
    var user: String?
    /// What the caller keeps with the request: an object.
    var metadata: ByteBuffer?
    /// The members that mean something in their own dialect alone.
    var others: [JSONMember] = []

    /// A request of one model.
    init(dialect: Dialect, model: String) {
        self.dialect = dialect
        self.model = model
    }
}

/// A member of an object, its value as it was written.
struct JSONMember: Sendable, Hashable {
    /// The name.
    var name: String
    /// JSON.
    var value: ByteBuffer
}

/// How the next token is chosen. Numbers keep all their digits.
struct ChatSampling: Sendable, Hashable {
    /// 0 takes the likeliest.
    var temperature: DecimalNumber?
    /// The share of probability to choose from.
    var topP: DecimalNumber?
    /// The number of tokens to choose from.
    var topK: Int?
    /// Makes answers repeatable where a provider can.
    var seed: Int?
    /// Against what was said before.
    var presencePenalty: DecimalNumber?
    /// Against what was said often.
    var frequencyPenalty: DecimalNumber?
    /// For or against single tokens: an object.
    var logitBias: ByteBuffer?
}

/// The form of an answer.
enum OutputFormat: Sendable, Hashable {
    /// Whatever the model says.
    case text
    /// Any object of JSON.
    case jsonObject
    /// JSON after a schema.
    case schema(OutputSchema)
}

/// The schema that an answer follows.
struct OutputSchema: Sendable, Hashable {
    /// What some dialects call it.
    var name: String?
    /// What it is for.
    var description: String?
    /// Whether it holds without exception.
    var isStrict: Bool?
    /// JSON Schema.
    var schema: ByteBuffer
}

/// How much a model is to think before it answers. What is nil is left to the provider.
struct ReasoningSetting: Sendable, Hashable {
    /// `minimal`, `low`, `medium`, `high`, `xhigh` or `max`, as OpenAI and Anthropic have them.
    enum Effort: String, Sendable, Hashable, CaseIterable {
        case minimal, low, medium, high, xhigh, max

        /// The tokens that this effort may take, where a provider counts them.
        var budget: Int {
            switch self {
            case .minimal: 1024
            case .low: 2048
            case .medium: 4096
            case .high: 8192
            case .xhigh, .max: 16384
            }
        }

        /// The effort that takes about this many tokens.
        init(budget: Int) { self = budget < 4096 ? .low : budget < 16384 ? .medium : .high }
    }

    /// Whether the model thinks at all.
    var isEnabled: Bool?
    /// In a word.
    var effort: Effort?
    /// In tokens.
    var budget: Int?

    /// In a word, from whichever is given.
    var impliedEffort: Effort? { isEnabled == false ? nil : effort ?? budget.map { Effort(budget: $0) } }
    /// In tokens, from whichever is given; at most a million, so that sums cannot overflow.
    var impliedBudget: Int? { isEnabled == false ? nil : (budget ?? effort?.budget).map { min($0, 1_000_000) } }
    /// Whether it is asked for.
    var isWanted: Bool { isEnabled != false && (isEnabled == true || effort != nil || budget != nil) }
}
