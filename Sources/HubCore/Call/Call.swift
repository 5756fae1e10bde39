public import Logging
public import NIOCore

/// One operation somebody wants performed, after its envelope has been read: the same for every protocol.
public struct Call: Sendable {
    /// The entry it came through, a name of the configuration.
    public var entry: String
    /// The tool, as the entry shows it.
    public var tool: String
    /// The arguments, an object; nil where the caller sent none.
    public var arguments: JSONValue?

    /// A call.
    public init(entry: String, tool: String, arguments: JSONValue?) {
        self.entry = entry
        self.tool = tool
        self.arguments = arguments
    }
}

/// What is fixed for a call.
public struct CallContext: Sendable {
    /// The id that the caller is told and the log shows.
    public var requestID: String
    /// A logger that carries the request id.
    public var logger: Logger

    /// The context of one call.
    public init(requestID: String, logger: Logger) {
        self.requestID = requestID
        self.logger = logger
    }
}

/// A complete answer of what performed a call.
public struct CallResponse: Sendable {
    /// The HTTP status, or what comes nearest; 400 and above is a failure.
    public var status: Int
    /// The media type with its parameters, as the upstream named it.
    public var contentType: String?
    /// The payload.
    public var body: ByteBuffer

    /// An answer.
    public init(status: Int, contentType: String?, body: ByteBuffer) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// What performs a call: an operation of an API, an upstream tool, an agent, a model provider.
///
/// Conforming types are immutable, live as long as the snapshot that holds them, and are used by many calls at once.
public protocol CallTarget: Sendable {
    /// Performs the call.
    ///
    /// - Throws: `HubError` where there is no answer to give; an upstream's own failure is an answer.
    func perform(_ call: Call, context: CallContext) async throws -> CallResponse
}

/// One rule around a call. It may change the call, answer it, or pass it on; it calls no other rule and looks nothing up.
///
/// ```swift
/// struct Refuse: Policy {
///     func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
///         guard call.tool != "drop_tables" else { throw HubError(.unknownTool, "Unknown tool") }
///         return try await next(call, context)
///     }
/// }
/// ```
public protocol Policy: Sendable {
    /// What stands after the rule.
    typealias Next = (Call, CallContext) async throws -> CallResponse

    /// Applies the rule to one call.
    func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse
}

/// The rules of one entry, folded around a target once, when the snapshot is built.
public struct PolicyChain: CallTarget {
    private let head: any CallTarget

    /// The first policy is the outermost.
    public init(_ policies: [any Policy], around target: any CallTarget) {
        head = policies.reversed().reduce(target) { Link(policy: $1, next: $0) }
    }

    /// Performs the call through every rule.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        try await head.perform(call, context: context)
    }

    private struct Link: CallTarget {
        let policy: any Policy
        let next: any CallTarget

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            try await policy.apply(to: call, context: context) { try await next.perform($0, context: $1) }
        }
    }
}
