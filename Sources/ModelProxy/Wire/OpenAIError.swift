public import HTTPTypes
public import HubCore
public import NIOCore

/// A refusal or failure in the words of OpenAI's protocol: `{"error":{"message","type","param","code"}}` at a status.
public struct OpenAIError: Error, Sendable {
    /// The families of errors that clients of the protocol tell apart.
    public struct Kind: Sendable, Hashable {
        /// As `type` says it.
        public let name: String

        private init(_ name: String) { self.name = name }

        /// The request cannot be served as it is.
        public static let invalidRequest = Kind("invalid_request_error")
        /// The caller's credential is missing or not accepted.
        public static let authentication = Kind("authentication_error")
        /// The caller does too much.
        public static let rateLimit = Kind("rate_limit_error")
        /// The caller may not.
        public static let permission = Kind("permission_error")
        /// The provider behind the hub failed.
        public static let upstream = Kind("upstream_error")
        /// The hub is at its limit or failed.
        public static let server = Kind("server_error")
    }

    /// The status of an answer that is nothing else.
    public var status: HTTPResponse.Status
    /// The family.
    public var kind: Kind
    /// What a caller may read.
    public var message: String
    /// The member of the request that is meant.
    public var parameter: String?
    /// The one error in its family, for programs.
    public var code: String?
    /// Header fields that tell a client when, or whether, to try again.
    public var fields: HTTPFields

    /// An error.
    public init(
        _ status: HTTPResponse.Status, _ kind: Kind, _ message: String, parameter: String? = nil, code: String? = nil,
        fields: HTTPFields = [:]
    ) {
        self.status = status
        self.kind = kind
        self.message = message
        self.parameter = parameter
        self.code = code
        self.fields = fields
    }

    /// The one table from the hub's errors to those of the protocol.
    public init(_ error: HubError) {
        let code = error.code.description
        switch error.code {
        case .invalidRequest, .invalidArguments: self.init(.badRequest, .invalidRequest, error.message, code: code)
        case .unknownTool: self.init(.notFound, .invalidRequest, error.message, parameter: "model", code: "model_not_found")
        case .upstreamTimeout: self.init(.gatewayTimeout, .upstream, error.message, code: code)
        // Too large: a caller's message is refused before there is a call, so that this is the provider's answer.
        case .upstreamFailed, .addressRefused, .tooLarge: self.init(.badGateway, .upstream, error.message, code: code)
        case .overloaded: self = .overload
        default: self.init(.internalServerError, .server, "The hub failed to answer", code: "internal")
        }
    }

    /// The hub is at its limit.
    public static let overload = OpenAIError(
        .serviceUnavailable, .server, "Too many requests are being answered; try again", code: "overloaded", fields: [.retryAfter: "1"])

    /// The hub stops before the call is done.
    static let stopping = OpenAIError(
        .serviceUnavailable, .server, "The hub is stopping; try again", code: "overloaded", fields: [.retryAfter: "1"])

    /// No rule of the API is for the model that is asked for.
    static let noSuchModel = OpenAIError(
        .notFound, .invalidRequest, "There is no such model here", parameter: "model", code: "model_not_found",
        fields: [.shouldRetry: "false"])

    /// There is no such path or no such entry.
    public static let nothingHere = OpenAIError(.notFound, .invalidRequest, "There is nothing here", code: "unknown_url")

    /// The body of the answer, and the data of an event that ends a stream.
    public var json: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.member("message", message)
        json.member("type", kind.name)
        json.key("param")
        if let parameter { json.string(parameter) } else { json.null() }
        json.key("code")
        if let code { json.string(code) } else { json.null() }
        json.endObject()
        json.endObject()
        return json.buffer
    }
}

extension ResponseWriter {
    /// Answers with an error of OpenAI's protocol.
    public func refuse(_ error: OpenAIError) async throws {
        var head = HTTPResponse(status: error.status, headerFields: error.fields)
        head.headerFields[.contentType] = "application/json"
        try await respond(head, body: error.json)
    }
}
