import HubCore
import NIOCore

/// The one table from errors of providers to those of the callers' dialects.
extension OpenAIError {
    /// As OpenAI says it.
    init(_ error: ProviderError) {
        let (kind, code): (Kind, String) =
            switch error.kind {
            case .rateLimit, .quota: (.rateLimit, error.kind.rawValue)
            case .overload: (.server, error.kind.rawValue)
            case .contextLength, .contentFilter, .notFound, .badRequest, .tooLarge: (.invalidRequest, error.kind.rawValue)
            case .authentication, .server, .timeout, .network: (.upstream, error.kind.rawValue)
            }
        self.init(error.status, kind, error.message, parameter: error.parameter, code: code, fields: error.fields)
    }
}

extension ProviderError {
    /// As Anthropic says it: `{"type":"error","error":{"type","message"},"request_id"}`. The kinds are those of Anthropic's API.
    func anthropicBody(requestID: String?) -> ByteBuffer {
        // Coding agents look for these words to know when to shorten a conversation.
        let tooLong = "prompt is too long"
        let text = kind == .contextLength && !message.lowercased().contains(tooLong) ? "\(tooLong): \(message)" : message
        let type =
            switch kind {
            case .rateLimit: "rate_limit_error"
            case .quota: "billing_error"
            case .overload: "overloaded_error"
            case .contextLength, .contentFilter, .badRequest: "invalid_request_error"
            case .notFound: "not_found_error"
            case .tooLarge: "request_too_large"
            case .timeout: "timeout_error"
            case .authentication, .server, .network: "api_error"
            }
        var json = JSONWriter()
        json.object { json in
            json.member("type", "error")
            json.object("error") { json in
                json.member("type", type)
                json.member("message", text)
            }
            json.key("request_id")
            if let requestID { json.string(requestID) } else { json.null() }
        }
        return json.buffer
    }
}
