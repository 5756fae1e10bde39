import HTTPTypes
import HubCore
import ModelProxy

/// What a caller hears who is not let in, in the words of each door (`CONTRACT.md` §4).
struct AuthenticationAnswer {
    let refusal: AuthenticationRefusal

    var status: HTTPResponse.Status {
        switch refusal.reason {
        case .missing, .invalid: .unauthorized
        case .ambiguous: .badRequest
        case .unknownConsumer: .forbidden
        case .unavailable: .serviceUnavailable
        case .tooMany: .tooManyRequests
        }
    }

    /// One sentence each: what was wrong with a credential is nobody's business but the operator's.
    var message: String {
        switch refusal.reason {
        case .missing: "A credential is needed"
        case .invalid: "The credential is not accepted"
        case .ambiguous: "Exactly one credential may be shown"
        case .unknownConsumer: "The credential is not that of a consumer"
        case .unavailable: "The credential cannot be checked at present"
        case .tooMany: "Too many credentials were not accepted"
        }
    }

    var fields: HTTPFields {
        var fields = HTTPFields()
        fields[.wwwAuthenticate] = refusal.challenge
        switch refusal.reason {
        case .unavailable: fields[.retryAfter] = "5"
        case .tooMany: fields[.retryAfter] = "10"
        case .missing, .invalid, .ambiguous, .unknownConsumer: break
        }
        return fields
    }

    /// The same in OpenAI's words.
    var openAI: OpenAIError {
        switch refusal.reason {
        case .missing, .invalid: OpenAIError(status, .authentication, message, code: "invalid_api_key", fields: fields)
        case .ambiguous: OpenAIError(status, .invalidRequest, message, code: "ambiguous_credential", fields: fields)
        case .unknownConsumer: OpenAIError(status, .permission, message, code: "unknown_consumer", fields: fields)
        case .unavailable: OpenAIError(status, .server, message, code: "overloaded", fields: fields)
        case .tooMany: OpenAIError(status, .rateLimit, message, code: "rate_limit_exceeded", fields: fields)
        }
    }
}
