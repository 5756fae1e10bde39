import HTTPTypes
import HubCore

/// What a Model API serves below its path.
public enum ModelRoute: String, Sendable, CaseIterable {
    /// Chat completions.
    case chatCompletions = "/v1/chat/completions"
    /// OpenAI's responses.
    case responses = "/v1/responses"
    /// Anthropic's messages.
    case messages = "/v1/messages"
    /// How many tokens Anthropic's messages would be.
    case countTokens = "/v1/messages/count_tokens"
    /// The older completions of a text.
    case completions = "/v1/completions"
    /// Texts as vectors.
    case embeddings = "/v1/embeddings"
    /// What is wrong with a text.
    case moderations = "/v1/moderations"
    /// Documents by how well they fit a query.
    case rerank = "/v1/rerank"
    /// The models that there are.
    case models = "/v1/models"

    /// The one method.
    var method: HTTPRequest.Method { self == .models ? .get : .post }

    /// The dialect of a conversation, which is converted for providers of another one; nil for what passes or is refused.
    var conversation: CallerDialect? {
        switch self {
        case .chatCompletions: .chat
        case .responses: .responses
        case .messages: .messages
        case .countTokens, .completions, .embeddings, .moderations, .rerank, .models: nil
        }
    }

    /// In whose words a caller is answered: the list of models is asked for in either dialect, and Anthropic's clients always say their version.
    func dialect(_ fields: HTTPFields) -> CallerDialect {
        switch self {
        case .chatCompletions, .completions, .embeddings, .moderations, .rerank: .chat
        case .responses: .responses
        case .messages, .countTokens: .messages
        case .models: fields.value(.anthropicVersion) == nil ? .chat : .messages
        }
    }

    /// Whether an answer costs tokens, to be estimated where the provider counts none.
    var costsTokens: Bool {
        switch self {
        case .chatCompletions, .responses, .messages, .completions, .embeddings: true
        case .countTokens, .moderations, .rerank, .models: false
        }
    }
}
