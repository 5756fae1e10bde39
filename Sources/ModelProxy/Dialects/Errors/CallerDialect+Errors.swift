import HTTPTypes
public import HubCore
import NIOCore

/// Errors in the words of the door that they leave by.
extension CallerDialect {
    /// The body of an answer that is nothing but an error of the hub's own.
    func body(_ error: OpenAIError, requestID: String) -> ByteBuffer {
        switch self {
        case .chat, .responses: error.json
        case .messages: error.anthropicBody(requestID: requestID)
        }
    }

    /// The event that ends a stream which broke off: clients of each dialect raise it. It never makes the answer whole.
    func lastEvent(_ error: OpenAIError, requestID: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        switch self {
        case .chat: SSEEncoder.write(json: error.json, to: &bytes)
        case .responses: SSEEncoder.write(event: "error", json: error.responsesEvent, to: &bytes)
        case .messages: SSEEncoder.write(event: "error", json: error.anthropicBody(requestID: requestID), to: &bytes)
        }
        return bytes
    }
}

extension OpenAIError {
    /// As Anthropic says it. The types go by the status, as Anthropic's clients choose their errors by it.
    fileprivate func anthropicBody(requestID: String) -> ByteBuffer {
        let type =
            switch status.code {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 413: "request_too_large"
            case 429: "rate_limit_error"
            case 503: "overloaded_error"
            case 504: "timeout_error"
            case 400..<500: "invalid_request_error"
            default: "api_error"
            }
        var json = JSONWriter()
        json.object { json in
            json.member("type", "error")
            json.object("error") { json in
                json.member("type", type)
                json.member("message", message)
            }
            json.member("request_id", requestID)
        }
        return json.buffer
    }

    /// The event `error` of responses, which says it at its top; the member `error` is what OpenAI's clients raise whatever the event.
    fileprivate var responsesEvent: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.member("type", "error")
            json.member("message", message)
            json.key("code")
            if let code { json.string(code) } else { json.null() }
            json.key("param")
            if let parameter { json.string(parameter) } else { json.null() }
            json.object("error") { json in
                json.member("message", message)
                json.member("type", kind.name)
                json.memberIfSet("code", code)
            }
        }
        return json.buffer
    }
}

extension ProviderError {
    /// The hub stops before the call is done.
    static let stopping = ProviderError(.overload, "The hub is stopping; try again", retryAfter: .seconds(1))

    /// What kept the hub from the rest of a provider's answer.
    init(_ error: HubError) {
        switch error.code {
        case .upstreamTimeout: self.init(.timeout, error.message)
        case .upstreamFailed, .addressRefused, .tooLarge: self.init(.network, error.message)
        case .overloaded: self.init(.overload, error.message, retryAfter: .seconds(1))
        default: self.init(.server, "The hub failed to answer")
        }
    }
}

extension ResponseWriter {
    /// Answers with an error of the hub's own in the words of the door that a request came to: for what is refused before its Model API sees it.
    ///
    /// - Parameter subpath: what stands below the API; begins with `/v1`.
    public func refuse(_ error: OpenAIError, to request: InboundRequest, subpath: Substring) async throws {
        let dialect = ModelRoute(rawValue: String(subpath))?.dialect(request.head.headerFields) ?? .chat
        try await refuse(error, in: dialect, requestID: request.id)
    }

    /// Answers with an error of the hub's own, in a caller's dialect.
    func refuse(_ error: OpenAIError, in dialect: CallerDialect, requestID: String) async throws {
        var head = HTTPResponse(status: error.status, headerFields: error.fields)
        head.headerFields[.contentType] = "application/json"
        try await respond(head, body: dialect.body(error, requestID: requestID))
    }
}

extension CallResponse {
    /// An answer that is an error of the hub's own, in a caller's dialect.
    init(_ error: OpenAIError, in dialect: CallerDialect, requestID: String) {
        self.init(error.status, error.fields, dialect.body(error, requestID: requestID))
    }

    /// An answer that is an error of a provider, in a caller's dialect.
    ///
    /// - Parameter fields: what else the provider said that a caller may know.
    init(_ error: ProviderError, in dialect: CallerDialect, requestID: String, fields: HTTPFields = [:]) {
        var all = fields
        for field in error.fields { all[field.name] = field.value }
        self.init(error.status, all, dialect.body(error, requestID: requestID))
    }

    private init(_ status: HTTPResponse.Status, _ fields: HTTPFields, _ body: ByteBuffer) {
        self.init(status: status.code, fields: fields, body: .complete(body))
        self.fields[.contentType] = "application/json"
    }
}
