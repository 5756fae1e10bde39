import HTTPTypes
import HubCore
import NIOCore

/// Reads the errors of every provider. They are told apart, in this order, by
/// 1. the name of the error, wherever the provider puts it; that something failed is no name where the status says more, as OpenAI calls every
///    failure of its own `server_error`;
/// 2. words of the message, for what some providers have no name for;
/// 3. the status of HTTP.
///
/// What a caller may read: the provider's own message where the request is at fault, for the caller to mend it; otherwise words of the hub,
/// as those messages name accounts, keys and hosts.
extension ProviderError {
    /// The longest message that is passed on, in bytes.
    private static let maximumMessageBytes = 2000
    /// How much of a message is looked through for words, in bytes: an event of a stream may be of megabytes.
    private static let searchedBytes = 16 << 10

    /// An answer with a status of failure.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970, for times to wait that are given as dates.
    init(status: Int, fields: HTTPFields, body: ByteBuffer, now: Int64) {
        let root = try? JSONDocument(parsing: body, limits: .payload).root  // many proxies answer with a page instead
        let name = fields.value(.amazonErrorType)?.split(separator: ":").first.map(String.init)
        self.init(status: status, name: name, body: root)
        if let wait = Self.wait(fields, now: now) ?? root.flatMap(Self.wait) { retryAfter = wait }
        switch kind {
        case .rateLimit, .overload, .server, .timeout, .network: break
        case .quota, .contextLength, .contentFilter, .authentication, .notFound, .badRequest, .tooLarge: retryAfter = nil
        }
    }

    /// An error that came with a status of success, or inside a stream.
    init(name: String?, body: JSONValue?) {
        self.init(status: nil, name: name, body: body)
        retryAfter = body.flatMap(Self.wait)
    }

    private init(status: Int?, name: String?, body: JSONValue?) {
        let parts = ErrorParts(body)
        let names = (name.map { [$0] } ?? []) + parts.names
        let status = status.flatMap { $0 >= 400 ? $0 : nil } ?? parts.status
        let named = names.lazy.compactMap { Self.kind(name: $0) }.first
        let isVague = named == .server && (status ?? 0) > 500
        let kind =
            Self.kind(message: String(decoding: parts.message.utf8.prefix(Self.searchedBytes), as: UTF8.self).lowercased(), names: names)
            ?? (isVague ? nil : named)
            ?? status.map { Self.kind(status: $0) } ?? .server
        self.init(kind, Self.words(for: kind, message: parts.message), parameter: parts.parameter)
    }

    // MARK: Kinds

    /// By words of the message: no provider but OpenAI has a name for a request that is too long, and these are what the others say.
    private static func kind(message: String, names: [String]) -> Kind? {
        let tooLong = [
            "prompt is too long", "maximum context length", "context length", "context_length", "context window",
            "input is too long", "exceeds the maximum number of tokens", "too many input tokens", "input token count",
            "input length and `max_tokens` exceed", "range of input length", "exceeds the available context",
        ]
        guard names.allSatisfy({ mayBeTooLong($0) }) else { return nil }
        return tooLong.contains { message.contains($0) } ? .contextLength : nil
    }

    /// A limit of tokens in a time also speaks of input tokens.
    private static func mayBeTooLong(_ name: String) -> Bool {
        switch kind(name: name) {
        case nil, .badRequest, .contextLength, .server, .tooLarge: true
        default: false
        }
    }

    /// By name: codes and types of OpenAI and those like it, Anthropic, Amazon, Google, DashScope, and MiniMax's numbers.
    private static func kind(name: String) -> Kind? {
        switch name.split(separator: "#").last.map(String.init) ?? name {
        case "context_length_exceeded", "model_context_window_exceeded", "exceed_context_size_error", "1039": .contextLength
        case "rate_limit_exceeded", "rate_limit_error", "ThrottlingException", "throttlingException", "RESOURCE_EXHAUSTED",
            "TooManyRequestsException", "Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota", "1002", "tokens", "requests":
            .rateLimit
        case "insufficient_quota", "billing_error", "billing_hard_limit_reached", "ServiceQuotaExceededException", "Arrearage",
            "quota_exceeded", "1008":
            .quota
        case "overloaded_error", "overloaded", "UNAVAILABLE", "ServiceUnavailableException", "serviceUnavailableException",
            "ModelNotReadyException", "engine_overloaded", "engine_overloaded_error", "slow_down", "server_overloaded":
            .overload
        case "content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "DataInspectionFailed",
            "data_inspection_failed", "sensitive", "moderation_blocked", "1026", "1027":
            .contentFilter
        case "invalid_api_key", "authentication_error", "permission_error", "permission_denied", "PERMISSION_DENIED", "UNAUTHENTICATED",
            "AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException",
            "InvalidApiKey", "AccessDenied", "account_deactivated", "1004", "2049":
            .authentication
        case "model_not_found", "not_found_error", "NOT_FOUND", "ResourceNotFoundException", "DeploymentNotFound", "ModelNotFound",
            "NotFoundError":
            .notFound
        case "request_too_large": .tooLarge
        case "timeout_error", "DEADLINE_EXCEEDED", "ModelTimeoutException", "RequestTimeOut", "1001": .timeout
        case "invalid_request_error", "invalid_request", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "ValidationException",
            "validationException", "BadRequestError", "InvalidParameter", "OUT_OF_RANGE", "2013":
            .badRequest
        case "server_error", "api_error", "INTERNAL", "InternalServerException", "internalServerException", "ModelErrorException",
            "modelStreamErrorException", "ModelStreamErrorException", "InternalServerError", "InternalError":
            .server
        default: nil
        }
    }

    private static func kind(status: Int) -> Kind {
        switch status {
        case 401, 403, 407: .authentication
        case 402: .quota
        case 404: .notFound
        case 408, 504, 524: .timeout
        case 413: .tooLarge
        case 429: .rateLimit
        case 503, 529: .overload
        case 520, 521, 522, 523, 525, 526, 499: .network
        case 400..<500 where status != 424: .badRequest  // 424 is Amazon's for a model that failed
        default: .server
        }
    }

    private static func words(for kind: Kind, message: String) -> String {
        let own =
            switch kind {
            case .rateLimit: "The provider's limit of requests or tokens is reached"
            case .quota: "The hub's account with the provider has nothing left"
            case .overload: "The provider is overloaded; try again"
            case .contextLength: "The request is longer than the model can read"
            case .contentFilter: "The provider refused this content"
            case .authentication: "The provider refused the hub's credential"
            case .notFound: "The provider has no such model"
            case .badRequest: "The provider refused the request"
            case .tooLarge: "The request is larger than the provider takes"
            case .server: "The provider failed to answer"
            case .timeout: "The provider took too long"
            case .network: "The provider could not be reached"
            }
        switch kind {
        case .contextLength, .contentFilter, .badRequest, .notFound, .tooLarge: return message.isEmpty ? own : shown(message)
        case .rateLimit, .quota, .overload, .authentication, .server, .timeout, .network: return own
        }
    }

    private static func shown(_ message: String) -> String {
        let scalars = message.unicodeScalars.prefix(maximumMessageBytes).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        let text = ByteBuffer(string: String(String.UnicodeScalarView(scalars)))
        guard text.readableBytes > maximumMessageBytes else { return String(buffer: text) }
        let end = TextCut.characterStart(in: text, upTo: maximumMessageBytes)
        return text.getString(at: text.readerIndex, length: end) ?? ""
    }
}

/// What an error of some provider says, wherever it says it.
private struct ErrorParts {
    /// The first tells most.
    var names: [String] = []
    var message = ""
    var parameter: String?
    var status: Int?

    init(_ body: JSONValue?) {
        guard let body else { return }
        // Google's streams are arrays, and so are their errors.
        let root = body.kind == .array ? body.elements.first { $0.kind == .object } ?? body : body
        if let base = root["base_resp"] {  // MiniMax
            names = base["status_code"]?.numberText.map { [$0] } ?? []
            message = base["status_msg"]?.string ?? ""
            return
        }
        if let text = root["error"]?.string {  // Ollama
            message = text
            return
        }
        let error = root["error"].flatMap { $0.kind == .object ? $0 : nil } ?? root["response"]?["error"] ?? root
        if let inner = error["innererror"]?["code"]?.string { names.append(inner) }  // Azure
        for member in ["code", "status", "type", "__type"] {
            guard let value = error[member] else { continue }
            if let number = value.int ?? value.string.flatMap({ Int($0) }) {
                if (400..<600).contains(number) { status = status ?? number } else { names.append(String(number)) }
            } else if let text = value.string {
                names.append(text)
            }
        }
        message = error["message"]?.string ?? error["Message"]?.string ?? error["detail"]?.string ?? ""
        parameter = error["param"]?.string
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    static let amazonErrorType = HTTPField.Name("x-amzn-errortype") ?? .via
}
