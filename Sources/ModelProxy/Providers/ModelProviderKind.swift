/// The providers that are known by name. The raw value is the word of the configuration.
public enum ModelProviderKind: String, Sendable, Hashable, CaseIterable {
    /// OpenAI itself.
    case openAI = "openai"
    /// Any server that speaks OpenAI's chat completions.
    case openAICompatible = "openai-compatible"
    /// Azure OpenAI.
    case azure
    /// Anthropic.
    case anthropic
    /// Google's Gemini, in its own protocol.
    case gemini
    /// Amazon Bedrock's Converse.
    case bedrock
    /// Alibaba Cloud Model Studio, in its compatible mode.
    case dashScope = "dashscope"
    /// MiniMax.
    case miniMax = "minimax"
    /// Ollama's compatible mode.
    case ollama
    /// Ollama's own protocol, where its own settings are needed.
    case ollamaNative = "ollama-native"
    /// vLLM.
    case vllm
    /// SGLang.
    case sglang
}

/// How a provider wants to be shown its key. Whoever sends requests holds the key and shows it; signatures are their affair too.
public enum ModelKey: Sendable, Hashable {
    /// `Authorization: Bearer`.
    case bearer
    /// A header field of this name, with nothing but the key in it.
    case header(String)
}
