import HTTPTypes
import HubCore
import NIOCore

/// The one table of what is customary at each kind of provider, by their own documentation.
struct ProviderCustoms {
    var dialect = ProviderDialect.chat
    var features = ProviderFeatures()
    var basePath = "/v1"
    var key = ModelKey.bearer
    var fields = HTTPFields()
    /// What is served in the provider's own dialect.
    var paths: [ModelRoute: String] = [.chatCompletions: "/chat/completions", .embeddings: "/embeddings", .models: "/models"]
    var deployments: AzureDeployments?

    init(_ kind: ModelProviderKind, apiVersion: String?) {
        switch kind {
        case .openAI:
            serve([.responses: "/responses", .completions: "/completions", .moderations: "/moderations"])
        case .openAICompatible:
            serve([.completions: "/completions", .moderations: "/moderations", .rerank: "/rerank"])
        case .azure:
            key = .header("api-key")
            setAzure(apiVersion)
        case .anthropic:
            dialect = .messages
            key = .header("x-api-key")
            fields = [.anthropicVersion: "2023-06-01"]
            paths = [.messages: "/messages", .countTokens: "/messages/count_tokens", .models: "/models"]
        case .gemini:
            dialect = .gemini
            basePath = "/v1beta"
            key = .header("x-goog-api-key")
            paths = [:]
        case .bedrock:
            dialect = .converse
            basePath = ""
            paths = [:]
        case .dashScope:
            basePath = "/compatible-mode/v1"
            features.takesCompletionTokens = false
            serve([.completions: "/completions"])
        case .miniMax:
            paths = [.chatCompletions: "/chat/completions", .models: "/models"]
            // Or thoughts stand inside the text.
            features.members = [JSONMember(name: "reasoning_split", value: ByteBuffer(staticString: "true"))]
        case .ollama:
            features.takesCompletionTokens = false
            serve([.completions: "/completions"])
        case .ollamaNative:
            dialect = .ollama
            basePath = ""
            paths = [:]
        case .vllm, .sglang:
            serve([.completions: "/completions", .rerank: "/rerank"])
        }
    }

    private mutating func serve(_ more: [ModelRoute: String]) { paths.merge(more) { _, new in new } }

    /// Azure in the form of OpenAI, or with a deployment in the path, where there are no models to list.
    private mutating func setAzure(_ apiVersion: String?) {
        serve([.completions: "/completions"])
        if let apiVersion, apiVersion != "v1" {
            basePath = "/openai"
            paths[.models] = nil
            deployments = AzureDeployments(apiVersion: apiVersion)
        } else {
            basePath = "/openai/v1"
            serve([.responses: "/responses"])
        }
    }
}

extension HTTPField.Name {
    // The literals are tokens, so that the failable initialiser cannot fail.
    static let anthropicVersion = HTTPField.Name("anthropic-version") ?? .via
    static let anthropicBeta = HTTPField.Name("anthropic-beta") ?? .via
}
