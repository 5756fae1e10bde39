public import HubCore
public import NIOCore

/// An MCP server elsewhere, spoken to in the words of 2026-07-28 whichever era and transport are its own.
///
/// Outlives snapshots; used by many calls at once.
public protocol MCPOrigin: AnyObject, Sendable {
    /// The name in the configuration, for logs and for what callers are told.
    var name: String { get }
    /// Whether it may ask the client of a call by `CallClient.ask`, as servers of the handshake eras do, or is not known not to. Calls of such
    /// a server cost more where the client is of the modern era.
    var asksByRequest: Bool { get }

    /// Performs one request and gives the result in the words of 2026-07-28, of any `resultType`.
    ///
    /// What the server tells or asks meanwhile goes to `context.client`. A result that asks (`input_required`) comes back only where
    /// `context.client?.takesInputRequests` is true.
    ///
    /// - Throws: `JSONRPCError` without an id where the server refused, in the codes of 2026-07-28; `HubError` with `.upstreamFailed`,
    ///   `.upstreamTimeout`, `.overloaded`; `CancellationError`.
    func answer(_ request: OriginRequest, context: CallContext) async throws -> JSONDocument

    /// Begins to watch a resource for as long as anybody does: `MCPRuntime.resourceUpdated` is told of its updates.
    ///
    /// - Returns: False where too much is watched already: nothing has begun.
    func watch(resource uri: String) -> Bool
    /// Ends what one call of `watch` began that gave true.
    func unwatch(resource uri: String)
    /// Waits, for a short time, until what is watched now is: of an update that comes later, word comes.
    func watchesSettle() async
}

extension MCPOrigin {
    /// What is not known may ask.
    public var asksByRequest: Bool { true }
}

/// One request to an origin.
public struct OriginRequest: Sendable {
    /// The methods that are passed on.
    public enum Method: String, Sendable, Hashable {
        /// Calls a tool.
        case callTool = "tools/call"
        /// Fills in a prompt.
        case getPrompt = "prompts/get"
        /// Reads a resource.
        case readResource = "resources/read"
        /// Completes an argument of a prompt or a template.
        case complete = "completion/complete"
        /// Asks how far a task is (extension `io.modelcontextprotocol/tasks`).
        case getTask = "tasks/get"
        /// Answers what a task asks.
        case updateTask = "tasks/update"
        /// Takes a task back.
        case cancelTask = "tasks/cancel"

        /// Whether it is about a task that there is already.
        var isOfTask: Bool { self == .getTask || self == .updateTask || self == .cancelTask }
    }

    /// The method.
    public var method: Method
    /// The parameters without `_meta`, an object; names and addresses are the origin's own.
    public var params: ByteBuffer
    /// What goes into `_meta` beside what the hub says there: an object; nil: nothing.
    public var meta: ByteBuffer?
    /// What the client brings along because it was asked for something.
    public var resumption: CallResumption?

    /// A request.
    public init(_ method: Method, params: ByteBuffer, meta: ByteBuffer? = nil, resumption: CallResumption? = nil) {
        self.method = method
        self.params = params
        self.meta = meta
        self.resumption = resumption
    }
}

/// Performs the calls of one tool of an origin.
public struct OriginToolTarget: CallTarget {
    let origin: any MCPOrigin
    private let tool: String

    /// - Parameters:
    ///   - origin: has the tool.
    ///   - tool: the name that the origin gives it.
    public init(origin: any MCPOrigin, tool: String) {
        self.origin = origin
        self.tool = tool
    }

    /// What its server does.
    public var clientUse: ClientUse { origin.asksByRequest ? .asked : .told }

    /// Calls the tool under its own name.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        var params = JSONWriter()
        params.beginObject()
        params.member("name", tool)
        if let arguments = call.arguments {
            params.key("arguments")
            params.value(arguments)
        }
        params.endObject()
        let request = OriginRequest(.callTool, params: params.buffer, meta: call.meta, resumption: call.resumption)
        return CallResponse(toolResult: try await origin.answer(request, context: context))
    }
}
