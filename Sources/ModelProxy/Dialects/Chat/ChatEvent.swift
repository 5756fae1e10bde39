import HubCore
import NIOCore

/// A step of an answer. Whatever the provider's dialect, the steps come in one order, which `AnswerAssembler` sees to:
///
/// 1. `start`, once and first.
/// 2. Text, reasoning, refusals, citations and calls. A call starts, gets its arguments and ends before the next starts; indexes rise from 0.
/// 3. `usage`, at most once.
/// 4. `end` or `error`, once and last.
enum ChatEvent: Sendable, Hashable {
    /// The answer begins; both are empty where the provider does not say.
    case start(id: String, model: String)
    /// More text.
    case text(String)
    /// More of what the model thinks.
    case reasoning(String)
    /// Ends the thoughts so far, and is to come back with them.
    case signature(ReasoningSignature)
    /// Thoughts that the provider keeps to itself.
    case redacted(ReasoningSignature)
    /// A call begins.
    case callStart(index: Int, id: String, name: String, signature: ReasoningSignature?)
    /// More of the arguments of the call that began last.
    case callArguments(index: Int, String)
    /// The arguments are whole.
    case callEnd(index: Int)
    /// More of the text with which the model declines.
    case refusal(String)
    /// The probabilities of tokens: one element of OpenAI's `logprobs.content`.
    case logprobs(ByteBuffer)
    /// Where something in the text comes from.
    case citation(ChatCitation)
    /// What all of it took.
    case usage(ChatUsage)
    /// The answer is whole.
    case end(StopReason)
    /// The answer is not whole, and nothing follows.
    case error(ProviderError)
}

/// A place that a text is taken from.
struct ChatCitation: Sendable, Hashable {
    /// The address.
    var url: String
    /// The name of the page.
    var title: String
    /// Where the citing text begins, in characters; 0 where the provider does not say.
    var start = 0
    /// Where it ends.
    var end = 0
}

/// Why an answer ends.
enum StopReason: Sendable, Hashable {
    /// The model had said all.
    case stop
    /// One of the texts that end an answer came; which, where the provider says.
    case stopSequence(String?)
    /// The most tokens were reached.
    case length
    /// The context of the model is full.
    case contextLength
    /// Calls are to be made.
    case toolCalls
    /// The model or its provider declines.
    case contentFilter
    /// The provider wants to go on in another request.
    case paused
}

/// Tokens of a request and its answer. What a provider does not say is 0.
struct ChatUsage: Sendable, Hashable {
    /// All of the request, cached or not.
    var input = 0
    /// Of those, read from a cache.
    var cachedInput = 0
    /// Of those, written to a cache.
    var cacheWrite = 0
    /// All of the answer, reasoning included.
    var output = 0
    /// Of those, thoughts.
    var reasoning = 0
    /// Of the request, sound.
    var audioInput = 0
    /// Of the answer, sound.
    var audioOutput = 0

    /// Both.
    var total: Int { input.addingReportingOverflow(output).overflow ? .max : input + output }

    /// The larger of each count: counts of a stream grow, and what is left out or 0 in a later message takes nothing back.
    func merged(_ other: ChatUsage) -> ChatUsage {
        ChatUsage(
            input: max(input, other.input), cachedInput: max(cachedInput, other.cachedInput), cacheWrite: max(cacheWrite, other.cacheWrite),
            output: max(output, other.output), reasoning: max(reasoning, other.reasoning), audioInput: max(audioInput, other.audioInput),
            audioOutput: max(audioOutput, other.audioOutput))
    }
}

extension JSONValue {
    /// A count of tokens as a provider wrote it, 0 where it is none; at most a thousand million, so that sums cannot overflow.
    func tokens(_ names: String...) -> Int {
        var value: JSONValue? = self
        for name in names { value = value?[name] }
        return min(max(0, value?.int ?? 0), 1_000_000_000)
    }
}
