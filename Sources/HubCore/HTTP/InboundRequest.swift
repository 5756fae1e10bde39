public import HTTPTypes
public import Logging
public import NIOCore

/// A request of a caller whose body is complete and whose framing is known good.
public struct InboundRequest: Sendable {
    /// Method, path and header fields. The authority is the one `Host`.
    public var head: HTTPRequest
    /// The body, within the listener's limit.
    public var body: ByteBuffer
    /// The host of the authority, as `HTTPAddress` writes hosts.
    public var host: String
    /// What the caller is told and the log shows; made by the hub, 32 hexadecimal digits.
    public var id: String
    /// The caller's address, without the port: that of the connection, until `CallerRule` has looked behind trusted proxies.
    public var remoteAddress: String
    /// A logger that carries `id`.
    public var logger: Logger
    /// Who calls, once the entry's credential has been checked.
    public var principal = Principal.anonymous
    /// Whether the page that asks, if one does, was found to be one that the entry is for (`CORSRule`).
    public var hasAllowedOrigin = false
    /// Whether the listener is at its bound: the request is to be refused, in the words of its door.
    public var isOverload = false
    /// What the request offers, if it is a valid opening handshake of a WebSocket: a responder may accept it (`acceptWebSocket`). A page may
    /// ask for one wherever it comes from, so that `hasAllowedOrigin` is to be seen to before.
    public var webSocket: WebSocketOffer?

    /// A request.
    public init(head: HTTPRequest, host: String, body: ByteBuffer, id: String, remoteAddress: String, logger: Logger) {
        self.head = head
        self.host = host
        self.body = body
        self.id = id
        self.remoteAddress = remoteAddress
        self.logger = logger
    }

    /// What is fixed for a call that this request makes.
    public var context: CallContext { CallContext(requestID: id, logger: logger, principal: principal, callerAddress: remoteAddress) }

    /// The path without the query.
    public var path: Substring { (head.path ?? "/").prefix { $0 != "?" } }
}

/// The way out for one response: either `respond` once, or `begin`, any number of `write`s, and `end`.
///
/// A writer that is never finished closes the connection. Each call throws when the caller has gone.
public protocol ResponseWriter: Sendable {
    /// Sends a complete response. The length is set from `body`.
    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws
    /// Sends the head of a response whose length is not known.
    func begin(_ head: HTTPResponse) async throws
    /// Sends a piece of the body and waits until the connection took it: this is the back-pressure.
    func write(_ bytes: ByteBuffer) async throws
    /// Ends the body.
    func end() async throws
    /// Accepts the offer of a request (`InboundRequest.webSocket`), in place of a response. A version that is not spoken is answered here.
    ///
    /// - Parameter subprotocol: one of those offered, or none.
    /// - Throws: `HubError` where there is nothing to accept, or it was refused; `CancellationError` where the caller has gone.
    func acceptWebSocket(subprotocol: String?) async throws -> any WebSocketConnection
    /// Breaks the exchange off, from anywhere and at any time: its reader must not take it for complete, and its task is cancelled.
    func cut()
}

extension ResponseWriter {
    /// What has no connection of its own ends by itself.
    public func cut() {}

    /// What cannot go over to a WebSocket.
    public func acceptWebSocket(subprotocol: String?) async throws -> any WebSocketConnection {
        throw HubError(.invalidRequest, "The request does not ask for a WebSocket")
    }
}

/// What answers requests.
public protocol HTTPResponder: Sendable {
    /// Answers one request. When it throws before it answered, the listener answers 500.
    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws
}

/// Is told of each exchange once, after its last byte or when it broke off.
public protocol ExchangeObserver: Sendable {
    /// A request began.
    func began()
    /// A request ended. `status` is nil when the caller left before an answer.
    func ended(_ request: InboundRequest, status: Int?, bytesSent: Int, duration: Duration)
}

/// Which values of `Host` a listener serves: the defence against DNS rebinding.
public struct HostRule: Sendable, Hashable {
    private let names: Set<String>
    private let allowsLoopback: Bool

    /// Serves the names given, with or without a port, and `localhost` and loopback addresses where `allowsLoopback`.
    public init(names: [String], allowsLoopback: Bool) {
        self.names = Set(names.map { $0.lowercased() } + (allowsLoopback ? ["localhost", "127.0.0.1", "::1"] : []))
        self.allowsLoopback = allowsLoopback
    }

    /// Whether a host, as `HTTPAddress` writes it, is served.
    public func allows(host: String) -> Bool {
        names.contains(host) || (allowsLoopback && HostClass(host) == .loopback)
    }

    /// Whether an authority (`host[:port]`) is served.
    public func allows(authority: String) -> Bool {
        HTTPAddress.splitAuthority(authority).map { allows(host: $0.host) } ?? false
    }

    /// Whether a page of that origin may talk to us: `Origin` is absent outside browsers.
    public func allows(origin: String) -> Bool {
        HTTPAddress(origin).map { allows(host: $0.host) } ?? false
    }
}
