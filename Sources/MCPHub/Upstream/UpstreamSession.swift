import HubCore
import NIOCore

/// What a server said of itself when a session with it began: the result of `initialize`, or of `server/discover`.
struct ServerGreeting: Sendable {
    /// What is spoken from then on.
    var revision: ProtocolRevision
    /// `capabilities`, an object.
    var capabilities: JSONValue?
    /// `serverInfo`, an object.
    var serverInfo: JSONValue?
    /// What a model should know.
    var instructions: String?
}

/// One session with an MCP server, in its era and over its transport. A server of the modern era knows none: then it is the way to it.
///
/// Requests go side by side. Whoever opened it sees to `close`; it ends by itself with the transport, or where the server knows it no
/// more. After that requests throw `HubError` with `.upstreamFailed`, whose cause is `SessionLoss` where the server cannot have begun with
/// the request, so that it may be sent in another session.
protocol UpstreamSession: AnyObject, Sendable {
    /// What the server said of itself.
    var greeting: ServerGreeting { get }
    /// Whether what the server asks and tells is known to belong to one request. Where it is not, the session performs one call at a time
    /// whose client can be asked, unless it is that client's own.
    var tellsRequestsApart: Bool { get }
    /// Whether it has ended.
    var isEnded: Bool { get }

    /// Sends one request and waits for its result.
    ///
    /// - Throws: `JSONRPCError` as the server answered, without an id; `HubError`; `CancellationError`, after the server was told.
    func request(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument
    /// Sets the resources whose updates the observer hears of, in place of those before; nothing happens where the server tells of none.
    /// Returns when the server has been told, or could not be.
    func watch(_ uris: Set<String>) async
    /// Sends a notification. What cannot be sent is dropped.
    func notify(_ method: String, params: ByteBuffer?) async
    /// Ends the session, and tells the server where its era has a way to. Does not wait.
    func close()
}

/// One request in a session.
struct SessionRequest: Sendable {
    /// The method.
    var method: String
    /// The members of the parameters without `_meta`, an object; nil: none.
    var params: ByteBuffer?
    /// Members of `_meta` beside those that the session writes, an object; nil: none.
    var meta: ByteBuffer?
    /// What is mirrored in the header `Mcp-Name` in the modern era: the name of a tool or prompt, the address of a resource, the id of a task.
    var name: String?
    /// What is mirrored in `Mcp-Param-*`, by the names of the headers after that prefix, as text.
    var mirrored: [(header: String, value: String)] = []
    /// Who asks, for credentials that are a caller's own.
    var principal = Principal.anonymous
    /// The session that the client has with the hub; nil: it has none.
    var clientSession: UInt128?
    /// Whether all calls in the session are of the one client that this one is of: then what cannot be told to belong to one of them is asked
    /// and told in any.
    var isOfOneClient = false
    /// What the client can do, for the modern era, in which each request says it.
    var capabilities: ClientCapabilities = []
    /// From which level on the server's log is wanted; nil: not at all. In the handshake eras a level is the session's: it is set where
    /// a request wants more than those before.
    var logLevel: LogLevel?
    /// Whether the server is asked to tell of progress.
    var wantsProgress = false
    /// When to give up.
    var deadline: NIODeadline
}

/// Hears what a server says while it answers one request.
protocol SessionHandler: Sendable {
    /// A notification: progress, with the hub's own token, or a message of the log.
    func notified(_ notification: JSONRPCEnvelope)
    /// A request of the server to the client. The answer is the value of `result`.
    ///
    /// - Throws: `JSONRPCError`, which the server is answered with.
    func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer
}

/// Hears what a server says of its own accord.
protocol SessionObserver: AnyObject, Sendable {
    /// A list has changed.
    func changed(_ kind: ChangeKind)
    /// A resource has.
    func updated(resource uri: String)
    /// The session has ended; nil: as it was told to.
    func ended(_ error: HubError?)
}

/// The lists whose changes are told.
public enum ChangeKind: String, Sendable, Hashable, CaseIterable {
    /// `tools/list`
    case tools
    /// `prompts/list`
    case prompts
    /// `resources/list` and `resources/templates/list`
    case resources
}

/// How sessions with one server are begun, over one transport.
protocol SessionOpener: Sendable {
    /// Begins a session in the era that the server speaks, which is found out once and remembered for as long as it holds.
    ///
    /// - Parameters:
    ///   - capabilities: what the client of the session can do.
    ///   - observer: hears what the server says of its own accord; nil: nobody wants to know, and no stream is kept for it. Held weakly.
    ///   - principal: for whom, for credentials that are a caller's own.
    ///   - deadline: when to give up.
    /// - Throws: `HubError`; `CancellationError`.
    func open(
        capabilities: ClientCapabilities, observer: (any SessionObserver)?, principal: Principal, deadline: NIODeadline
    ) async throws -> any UpstreamSession
}
