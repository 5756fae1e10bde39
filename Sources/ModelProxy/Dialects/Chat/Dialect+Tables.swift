import HubCore
import NIOCore

/// The dialects that providers are spoken to in, and which code speaks them.
enum ProviderDialect: Sendable, Hashable, CaseIterable {
    case chat, messages, gemini, converse, ollama

    /// Which one it is.
    var dialect: Dialect { writer.dialect }

    /// How a provider cuts its streams into messages.
    var framing: StreamFraming {
        switch self {
        case .chat, .messages, .gemini: .events(SSEDecoder(maximumEventBytes: StreamFraming.maximumMessageBytes))
        case .ollama: .lines(LineDecoder())
        case .converse: .frames(AmazonFrameDecoder())
        }
    }

    /// What reads a provider's answers.
    var answerDecoder: any AnswerDecoder {
        switch self {
        case .chat: ChatAnswerReader()
        case .messages: MessagesAnswerReader()
        case .gemini: GeminiAnswerReader()
        case .converse: ConverseAnswerReader()
        case .ollama: OllamaAnswerReader()
        }
    }

    /// What writes a request.
    private var writer: any RequestWriter.Type {
        switch self {
        case .chat: ChatRequestWriter.self
        case .messages: MessagesRequestWriter.self
        case .gemini: GeminiRequestWriter.self
        case .converse: ConverseRequestWriter.self
        case .ollama: OllamaRequestWriter.self
        }
    }

    /// Writes a request.
    ///
    /// - Throws: what the dialect cannot carry.
    func write(_ request: ChatRequest, features: ProviderFeatures = ProviderFeatures()) throws(RequestRefusal) -> ProviderRequest {
        try writer.write(request, features: features)
    }
}

/// The dialects that callers speak, and which code speaks them.
enum CallerDialect: Sendable, Hashable, CaseIterable {
    case chat, responses, messages

    /// Reads a request.
    ///
    /// - Throws: what is wrong with it.
    func read(_ body: JSONValue) throws(RequestRefusal) -> ChatRequest {
        switch self {
        case .chat: try ChatRequestReader.read(body)
        case .responses: try ResponsesRequestReader.read(body)
        case .messages: try MessagesRequestReader.read(body)
        }
    }

    /// What writes an answer as a stream.
    func answerEncoder(_ frame: AnswerFrame) -> any AnswerEncoder {
        switch self {
        case .chat: ChatAnswerWriter(frame)
        case .responses: ResponsesAnswerWriter(frame)
        case .messages: MessagesAnswerWriter(frame)
        }
    }

    /// The body of an answer in one piece, which may be an error: its status is the error's.
    func body(_ answer: ChatAnswer, _ frame: AnswerFrame) -> ByteBuffer {
        switch self {
        case .chat: ChatAnswerWriter.body(answer, frame)
        case .responses: ResponsesAnswerWriter.body(answer, frame)
        case .messages: MessagesAnswerWriter.body(answer, frame)
        }
    }

    /// The body of an answer that is nothing but an error.
    func body(_ error: ProviderError, requestID: String?) -> ByteBuffer {
        switch self {
        case .chat, .responses: OpenAIError(error).json
        case .messages: error.anthropicBody(requestID: requestID)
        }
    }
}
