import HubCore

/// Why an agent does not do what it was asked. One value for both versions and all bindings; `A2AErrorTable` says what each makes of it.
struct A2AFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure: those of JSON-RPC, those of A2A, and those of the hub.
    enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text is no JSON.
        case parseError
        /// The JSON is no request.
        case invalidRequest
        /// There is no such operation.
        case methodNotFound
        /// The parameters do not fit.
        case invalidParameters
        /// A fault of the agent or of the hub.
        case `internal`
        /// There is no such task, or the caller may not see it.
        case taskNotFound
        /// The task has ended already.
        case taskNotCancelable
        /// The agent sends no notifications.
        case pushNotSupported
        /// The agent does not do that.
        case unsupportedOperation
        /// A media type that the agent does not take or make.
        case contentTypeNotSupported
        /// The agent answered with something that is not of the protocol.
        case invalidAgentResponse
        /// The agent says that it has a card for callers with a credential, and has none.
        case extendedCardNotConfigured
        /// The agent insists on an extension that the client does not name (1.0).
        case extensionRequired
        /// The version is not spoken (1.0).
        case versionNotSupported
        /// No credential, or not a good one.
        case unauthenticated
        /// A good credential that opens nothing here.
        case forbidden
        /// A limit is reached.
        case rateLimited
        /// A guard refuses the content.
        case contentBlocked
        /// The message is larger than its limit.
        case tooLarge
        /// The body is not of a type that is read here.
        case unsupportedMediaType
        /// The hub is at its limit or stopping.
        case overloaded
        /// The agent could not be reached, or broke off.
        case upstreamFailed
        /// The agent took longer than its limit.
        case upstreamTimeout
    }

    /// Something that is wrong with a parameter (`google.rpc.BadRequest.FieldViolation`).
    struct Violation: Sendable, Hashable {
        /// Which parameter: `message.parts[2].raw`.
        var field: String
        /// What is wrong with it.
        var description: String
    }

    /// The kind of failure.
    var code: Code
    /// What the caller may read.
    var message: String
    /// What programs may read (`google.rpc.ErrorInfo.metadata`); for the caller, too.
    var metadata: [String: String] = [:]
    /// The parameters that are wrong.
    var violations: [Violation] = []

    /// A failure of this kind.
    init(_ code: Code, _ message: String, metadata: [String: String] = [:], violations: [Violation] = []) {
        self.code = code
        self.message = message
        self.metadata = metadata
        self.violations = violations
    }

    /// What is wrong with the parameters of a request.
    init(_ problem: WireProblem) {
        let violation = Violation(field: problem.place, description: problem.reason.rawValue)
        self.init(.invalidParameters, problem.description, violations: [violation])
    }

    /// What is wrong with what an agent answered.
    init(agent problem: WireProblem) {
        self.init(.invalidAgentResponse, "The agent's answer is not of the protocol: \(problem)")
    }

    /// What the hub's core says.
    init(_ error: HubError) {
        let violations = error.argument.map { [Violation(field: $0, description: error.message)] } ?? []
        self.init(Self.code(of: error), error.message, violations: violations)
    }

    private static func code(of error: HubError) -> Code {
        switch error.code {
        case .invalidRequest: .invalidRequest
        case .invalidArguments: .invalidParameters
        case .unknownTool: .taskNotFound
        case .tooLarge: .tooLarge
        case .upstreamFailed, .addressRefused: .upstreamFailed
        case .upstreamTimeout: .upstreamTimeout
        case .overloaded: .overloaded
        default: .internal
        }
    }

    /// The kind and the message.
    var description: String { "\(code.rawValue): \(message)" }
}
