/// The protocols of chat that the hub converts into one another: each has one way to and from `ChatRequest` and `ChatEvent`, so that a new one
/// meets all the others at once.
enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's chat completions, and the many servers that speak like them.
    case chat = "openai"
    /// OpenAI's responses; of callers only.
    case responses
    /// Anthropic's messages.
    case messages = "anthropic"
    /// Google's `generateContent`; of providers only.
    case gemini
    /// Amazon Bedrock's Converse; of providers only.
    case converse = "bedrock"
    /// Ollama's own `/api/chat`; of providers only.
    case ollama
}

/// What a provider wants back unchanged with the reasoning or the tool call that it came with. It means nothing to any other provider.
///
/// To callers of another dialect it goes as `origin:value`, so that it finds its way home, and only there.
struct ReasoningSignature: Sendable, Hashable {
    /// Whose it is.
    var origin: Dialect
    /// As the provider wrote it.
    var value: String

    /// The signature of a provider's answer.
    init(origin: Dialect, value: String) {
        self.origin = origin
        self.value = value
    }

    /// A signature that a caller gives back.
    ///
    /// - Parameter dialect: the caller's: whose it is where it does not say.
    init(text: String, in dialect: Dialect) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, let first = parts.first, let last = parts.last, let origin = Dialect(rawValue: String(first)) {
            self.init(origin: origin, value: String(last))
        } else {
            self.init(origin: dialect, value: text)
        }
    }

    /// What a caller is given, whatever its dialect.
    var text: String { "\(origin.rawValue):\(value)" }

    /// What a caller of one dialect is given: to one of the provider's own, the signature is what it always was.
    func text(in dialect: Dialect) -> String { origin == dialect ? value : text }
}
