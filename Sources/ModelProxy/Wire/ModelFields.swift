import HTTPTypes

/// Which header fields pass between a caller and a provider. All others stay on their side: what is not known to be needed may be a
/// credential, a cookie, or an address.
enum ModelFields {
    /// What the provider is told of a request. The type is what has been checked, without parameters that it could read otherwise.
    static func request(_ fields: HTTPFields) -> HTTPFields {
        var passed: HTTPFields = [.contentType: "application/json"]
        passed[.accept] = fields[.accept]
        return passed
    }

    /// What the caller is told of an answer.
    static func response(_ fields: HTTPFields) -> HTTPFields {
        var passed = HTTPFields()
        for field in fields {
            if Self.answered.contains(field.name) || field.name.canonicalName.hasPrefix("x-ratelimit-") {
                passed.append(field)
            } else if field.name == .requestID {
                passed[.upstreamRequestID] = field.value  // `x-request-id` is the hub's own
            }
        }
        return passed
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
