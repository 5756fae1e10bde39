import HTTPTypes
import HubCore

/// Which header fields pass between a caller and a provider. All others stay on their side: what is not known to be needed may be a
/// credential, a cookie, or an address.
enum ModelFields {
    /// What the provider is told of a request that passes to it. The type is what has been checked, without parameters that it could read
    /// otherwise.
    ///
    /// - Parameter provider: what it always wants to be told; what a caller of its own dialect says of the same goes before.
    static func request(_ fields: HTTPFields, hasBody: Bool, dialect: CallerDialect, provider: HTTPFields) -> HTTPFields {
        var passed = provider
        if hasBody { passed[.contentType] = "application/json" }
        passed[.accept] = fields[.accept]
        if dialect == .messages {
            for name in [HTTPField.Name.anthropicVersion, .anthropicBeta] {
                if let value = fields[name] { passed[name] = value }
            }
        }
        return passed
    }

    /// What the caller is told of an answer that passes.
    static func response(_ fields: HTTPFields) -> HTTPFields {
        var passed = HTTPFields()
        for field in fields {
            let name = field.name.canonicalName
            if Self.answered.contains(field.name) || name.hasPrefix("x-ratelimit-") || name.hasPrefix("anthropic-ratelimit-") {
                passed.append(field)
            } else if field.name == .requestID || name == "request-id" {
                passed[.upstreamRequestID] = field.value  // `x-request-id` is the hub's own
            }
        }
        return passed
    }

    /// What the caller is told of an answer that is written anew: what is about the body is not.
    static func converted(_ fields: HTTPFields) -> HTTPFields {
        var passed = response(fields)
        passed[.contentType] = nil
        return passed
    }

    /// The head of a stream of events, with what keeps proxies from holding them back.
    static func events(_ fields: HTTPFields) -> HTTPFields {
        var fields = fields
        fields[.cacheControl] = "no-cache, no-transform"
        fields[.accelBuffering] = "no"
        return fields
    }

    private static let answered: Set<HTTPField.Name> = [
        .contentType, .retryAfter, .retryAfterMilliseconds, .openAIProcessingTime, .openAIVersion, .shouldRetry,
    ]
}

extension HTTPField.Name {
    // The literals are tokens, so that the failable initialiser cannot fail.
    static let requestID = HTTPField.Name("x-request-id") ?? .via
    static let upstreamRequestID = HTTPField.Name("x-upstream-request-id") ?? .via
    static let shouldRetry = HTTPField.Name("x-should-retry") ?? .via
    static let retryAfterMilliseconds = HTTPField.Name("retry-after-ms") ?? .via
    static let openAIProcessingTime = HTTPField.Name("openai-processing-ms") ?? .via
    static let openAIVersion = HTTPField.Name("openai-version") ?? .via
    static let accelBuffering = HTTPField.Name("x-accel-buffering") ?? .via
}
