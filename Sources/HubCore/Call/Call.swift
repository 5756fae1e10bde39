public import HTTPTypes
public import Logging
public import NIOCore

/// One operation somebody wants performed, after its envelope has been read: the same for every protocol.
public struct Call: Sendable {
    /// What is handed to the target.
    public enum Content: Sendable {
        /// The arguments of a tool, an object; nil where the caller sent none.
        case arguments(JSONValue?)
        /// A message that is passed on in its own protocol.
        case message(OutboundRequest)
    }

    /// The entry it came through, a name of the configuration.
    public var entry: String
    /// What is called, as the entry shows it: a tool, a skill, a model.
    public var tool: String
    /// What the target is given.
    public var content: Content
    /// What the client brings along when it calls again because it was asked for something.
    public var resumption: CallResumption?
    /// What the client says beside the call and may be passed on: an object, without the members that are about this hop; nil: nothing.
    public var meta: ByteBuffer?

    /// The call of a tool.
    public init(entry: String, tool: String, arguments: JSONValue?) {
        self.init(entry: entry, tool: tool, content: .arguments(arguments))
    }

    /// A call.
    public init(entry: String, tool: String, content: Content) {
        self.entry = entry
        self.tool = tool
        self.content = content
    }

    /// The arguments of a tool; nil where there are none, and for a message.
    public var arguments: JSONValue? {
        get { if case .arguments(let arguments) = content { arguments } else { nil } }
        set { content = .arguments(newValue) }
    }
}

/// What is fixed for a call.
public struct CallContext: Sendable {
    /// The id that the caller is told and the log shows.
    public var requestID: String
    /// A logger that carries the request id.
    public var logger: Logger
    /// Who calls.
    public var principal: Principal
    /// The tools that the caller sees, for one that tells of others; nil: all.
    public var visibleTools: ToolSet?
    /// The client, where what performs the call may talk to it; nil: it takes the answer and nothing else.
    public var client: (any CallClient)?
    /// The address that the call comes from, as far as it is known; it bounds what callers without a credential may have open.
    public var callerAddress: String?
    /// Names the client's session, where it has one, for servers that keep something for each session; never shown to anybody.
    public var session: UInt128?
    /// When the call began, in seconds since 1970, for what tells of other tools; nil elsewhere.
    public var now: Int64?
    /// What the caller says beside the message it looks for: lists are narrowed to that.
    public var query: String?

    /// The context of one call.
    public init(
        requestID: String, logger: Logger, principal: Principal = .anonymous, visibleTools: ToolSet? = nil,
        client: (any CallClient)? = nil, session: UInt128? = nil, callerAddress: String? = nil
    ) {
        self.requestID = requestID
        self.logger = logger
        self.principal = principal
        self.visibleTools = visibleTools
        self.client = client
        self.session = session
        self.callerAddress = callerAddress
    }
}

/// The answer of what performed a call: complete, or a stream that its reader pulls.
public struct CallResponse: Sendable {
    /// In whose words an answer is.
    public enum Form: Sendable, Hashable {
        /// Those of an HTTP API: status, fields and body say what it is.
        case http
        /// Those of MCP 2026-07-28: `document` is the result of `tools/call`, of any `resultType`.
        case toolResult
    }

    /// In whose words it is.
    public var form = Form.http
    /// The HTTP status, or what comes nearest; 400 and above is a failure.
    public var status: Int
    /// The header fields as the upstream gave them, without those of its framing; empty where it has none.
    public var fields: HTTPFields
    /// The payload.
    public var body: ResponseBody
    /// The payload as JSON, where it had to be parsed on the way; nil says nothing about it.
    public var document: JSONDocument?
    /// What to ask for the outcome, where the answer says only that work was taken up; nil: it is the answer.
    public var continuation: (any CallTarget)?
    /// What a reader has to know about the answer: that it was cut, and the way to the rest.
    public var notes: [String] = []

    /// An answer.
    public init(status: Int, fields: HTTPFields, body: ResponseBody) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A complete answer of one media type.
    public init(status: Int, contentType: String?, body: ByteBuffer) {
        self.init(
            status: status, fields: HTTPFields(contentType.map { [HTTPField(name: .contentType, value: $0)] } ?? []), body: .complete(body))
    }

    /// The result of a tool of another MCP server.
    public init(toolResult: JSONDocument) {
        self.init(status: 200, contentType: "application/json", body: toolResult.bytes)
        document = toolResult
        form = .toolResult
    }

    /// The media type with its parameters, as the upstream named it.
    public var contentType: String? { fields.value(.contentType) }
}

/// What performs a call: an operation of an API, an upstream tool, an agent, a model provider.
///
/// Conforming types are immutable, live as long as the snapshot that holds them, and are used by many calls at once.
public protocol CallTarget: Sendable {
    /// Performs the call.
    ///
    /// - Throws: `HubError` where there is no answer to give; an upstream's own failure is an answer.
    func perform(_ call: Call, context: CallContext) async throws -> CallResponse
    /// What it does with the client of a call meanwhile.
    var clientUse: ClientUse { get }
    /// What performs the call in the end, behind all rules.
    var innermost: any CallTarget { get }
}

extension CallTarget {
    /// Most leave the client alone.
    public var clientUse: ClientUse { .none }
    /// Most are it themselves.
    public var innermost: any CallTarget { self }
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
    private let target: any CallTarget

    /// The first policy is the outermost.
    public init(_ policies: [any Policy], around target: any CallTarget) {
        self.target = target
        head = policies.reversed().reduce(target) { Link(policy: $1, next: $0) }
    }

    /// Performs the call through every rule.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        try await head.perform(call, context: context)
    }

    /// What the target does with it: rules do nothing.
    public var clientUse: ClientUse { target.clientUse }
    /// That of the target.
    public var innermost: any CallTarget { target.innermost }

    private struct Link: CallTarget {
        let policy: any Policy
        let next: any CallTarget

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            try await policy.apply(to: call, context: context) { try await next.perform($0, context: $1) }
        }
    }
}
