import HTTPTypes
import HubCore
import NIOCore

/// What becomes of a caller's request at a provider.
///
/// 1. A door that the provider has in the same dialect: the bytes pass, but for the name of the model.
/// 2. The same, with thoughts or calls in it that another provider signed: written anew, or the provider would refuse it.
/// 3. A conversation in another dialect: converted.
/// 4. A count of tokens, where the provider counts in another dialect: converted.
/// 5. Anything else is refused.
struct ModelPlan {
    /// How the answer is to be converted.
    struct Conversion {
        /// What the tools are called at the provider.
        var names: ToolNames
        /// What is said of the answer besides.
        var frame: AnswerFrame
    }

    /// What was asked for.
    let route: ModelRoute
    /// In whose words the caller is answered.
    let dialect: CallerDialect
    /// The model that was asked for; empty where none was.
    let model: String
    /// What the provider calls it.
    let providerModel: String
    /// Whether the answer is wanted in pieces.
    let isStreaming: Bool
    /// What the provider is sent.
    private(set) var message: OutboundRequest
    /// How the answer to a conversation is converted.
    private(set) var conversion: Conversion?
    /// How the answer to a count is converted.
    private(set) var count: TokenCount?
    /// Whether the answer passes as it comes.
    var isPassed: Bool { conversion == nil && count == nil }

    /// - Parameters:
    ///   - body: what the caller sent; nil where there is nothing to send.
    ///   - fields: the caller's.
    ///   - requestID: the id that the caller is told.
    ///   - now: seconds since 1970.
    /// - Throws: what the provider cannot be asked for.
    init(
        _ route: ModelRoute, _ body: ModelRequest?, fields: HTTPFields, destination: ModelDestination, requestID: String, now: Int64
    ) throws(PlanRefusal) {
        let provider = destination.service.provider
        self.route = route
        dialect = route.dialect(fields)
        model = body?.model ?? ""
        isStreaming = body?.isStreaming ?? false
        providerModel = destination.providerModel(for: model)
        message = OutboundRequest(
            method: route.method, path: "",
            headers: ModelFields.request(fields, hasBody: body != nil, dialect: dialect, provider: provider.fields))

        let isNative = dialect.isSpoken(by: provider.dialect)
        if isNative, let path = provider.path(route, model: providerModel) {
            message.path = path
            message.body = body?.body(naming: providerModel)
            guard let conversation = route.conversation, let body else { return }
            // A request that cannot be read here is the provider's to judge.
            guard let request = try? conversation.read(body.document.root),
                request.hasForeignSignatures(for: conversation == .responses ? .responses : provider.dialect.dialect)
            else { return }
        }
        if route == .countTokens, let body {
            do throws(RequestRefusal) {
                count = try TokenCount(body.document.root, model: providerModel, provider: provider)
            } catch {
                throw PlanRefusal(error)
            }
            if let count {
                setMessage(path: count.path, body: count.body, provider: provider)
                return
            }
        }
        guard let conversation = route.conversation, let body else { throw .notServed }
        try convert(conversation, body, provider: provider, requestID: requestID, now: now)
    }

    private mutating func convert(
        _ conversation: CallerDialect, _ body: ModelRequest, provider: ModelProvider, requestID: String, now: Int64
    ) throws(PlanRefusal) {
        let written: ProviderRequest
        var frame = AnswerFrame(
            id: conversation.answerID(requestID), created: Int(clamping: now), model: model, requestID: requestID)
        do throws(RequestRefusal) {
            var request = try conversation.read(body.document.root)
            frame.includesUsage = request.includesUsage
            request.model = providerModel
            written = try provider.dialect.write(request, features: provider.features)
        } catch {
            throw PlanRefusal(error)
        }
        if conversation == .responses { frame.echo = ResponsesRequestReader.echo(of: body.document.root) }
        let own = provider.dialect.route.flatMap { provider.path($0, model: providerModel) }
        setMessage(path: own ?? written.path, body: written.body, provider: provider)
        conversion = Conversion(names: written.names, frame: frame)
    }

    private mutating func setMessage(path: String, body: ByteBuffer, provider: ModelProvider) {
        message.path = path
        message.headers = provider.fields
        message.headers[.contentType] = "application/json"
        message.body = body
    }
}

/// Why a provider cannot be asked for something.
struct PlanRefusal: Error {
    /// In the words of the protocol.
    let error: OpenAIError
    /// Whether another provider may well be asked for it; otherwise the request is wrong in its own dialect.
    let isAboutProvider: Bool

    private init(_ error: OpenAIError, isAboutProvider: Bool) {
        self.error = error
        self.isAboutProvider = isAboutProvider
    }

    /// What cannot be converted.
    init(_ refusal: RequestRefusal) {
        self.init(OpenAIError(ProviderError(refusal)), isAboutProvider: refusal.loss != nil)
    }

    /// The provider has no such thing, whoever asks.
    static let notServed = PlanRefusal(
        OpenAIError(
            .notFound, .invalidRequest, "The provider of this API does not serve this", code: "not_supported_by_provider",
            fields: [.shouldRetry: "false"]),
        isAboutProvider: true)
}

extension CallerDialect {
    /// Whether a door in this dialect is one that providers of a dialect may have.
    func isSpoken(by provider: ProviderDialect) -> Bool {
        switch self {
        case .chat, .responses: provider == .chat
        case .messages: provider == .messages
        }
    }

    /// The id of an answer, as ids look in this dialect.
    func answerID(_ requestID: String) -> String {
        switch self {
        case .chat: "chatcmpl-\(requestID)"
        case .responses: "resp_\(requestID)"
        case .messages: "msg_\(requestID)"
        }
    }
}

extension ProviderDialect {
    /// The door for conversations in it; nil where it has none that callers know.
    fileprivate var route: ModelRoute? {
        switch self {
        case .chat: .chatCompletions
        case .messages: .messages
        case .gemini, .converse, .ollama: nil
        }
    }
}
