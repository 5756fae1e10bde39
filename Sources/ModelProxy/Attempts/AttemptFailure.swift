import HubCore

/// Why an attempt gave no answer, with what the caller is told if it was the last.
struct AttemptFailure: Error {
    /// What is tried after it.
    enum Scope: Sendable, Hashable {
        /// Another way to the same service, then another service.
        case member
        /// Another service or model.
        case model
        /// Nothing: it would be the same everywhere.
        case request
    }

    /// What went wrong.
    let error: ProviderError
    /// What the caller is told.
    let answer: CallResponse

    /// - Parameter isModelFixed: whether the configuration names the model, so that the caller is not at fault where there is none.
    func scope(isModelFixed: Bool) -> Scope {
        switch error.kind {
        case .rateLimit, .quota, .overload, .authentication, .server, .timeout, .network: .member
        case .contextLength, .contentFilter: .model
        case .notFound: isModelFixed ? .model : .request
        case .badRequest, .tooLarge: .request
        }
    }
}
