public import NIOCore

/// One complete message over a WebSocket.
public enum WebSocketMessage: Sendable, Hashable {
    /// Text, as UTF-8 that is known to be valid.
    case text(ByteBuffer)
    /// Any bytes.
    case binary(ByteBuffer)

    /// What it carries.
    public var bytes: ByteBuffer {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}

/// A WebSocket that a responder has accepted. Lives as long as the responder answers its request: when that returns, the WebSocket is
/// closed, and when the peer has gone, the responder's task is cancelled.
public protocol WebSocketConnection: Sendable {
    /// The next message; nil once the WebSocket is closed, by the peer or by us, and everything before that was read. Nothing is read ahead
    /// beyond a small bound: a reader that waits holds the peer back. One task reads at a time.
    ///
    /// - Throws: `WebSocketClosure` where the peer breaks the protocol, is too slow or goes without a word; `CancellationError`.
    func next() async throws -> WebSocketMessage?
    /// Sends a message and waits until the connection took it: this is the back-pressure. Any task may send.
    ///
    /// - Throws: `WebSocketClosure` where the WebSocket is closed; `CancellationError`.
    func send(_ message: WebSocketMessage) async throws
    /// Closes the WebSocket, unless that was done. What the peer still sends is dropped. Does not wait for the peer.
    func close(code: WebSocketCloseCode, reason: String) async
    /// How it was closed; nil while it is open.
    var closure: WebSocketClosure? { get async }
}

/// How a WebSocket ended.
public struct WebSocketClosure: Error, Sendable, Hashable {
    /// The code that was sent, or one that says why there was none.
    public var code: WebSocketCloseCode
    /// What was said with it; of a peer's it is what the peer chose to write.
    public var reason: String

    /// A closure.
    public init(_ code: WebSocketCloseCode, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }
}

/// Why a WebSocket is closed (RFC 6455 §7.4).
public struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
    /// The number.
    public let rawValue: UInt16

    /// The code of a number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// All was said.
    public static let normal = WebSocketCloseCode(rawValue: 1000)
    /// Who says so stops, or leaves the page.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// The protocol was broken.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// The type of the data cannot be taken.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// Stands for a closing without a code; never sent.
    public static let noCode = WebSocketCloseCode(rawValue: 1005)
    /// Stands for an end without a closing; never sent.
    public static let abnormal = WebSocketCloseCode(rawValue: 1006)
    /// Text was not UTF-8.
    public static let invalidData = WebSocketCloseCode(rawValue: 1007)
    /// A rule of the receiver was broken.
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// A message was larger than the receiver takes.
    public static let tooLarge = WebSocketCloseCode(rawValue: 1009)
    /// Who says so failed.
    public static let internalError = WebSocketCloseCode(rawValue: 1011)
    /// There is no room at present.
    public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)

    /// Whether a frame may carry it: what is registered for that, and what is free for libraries and applications.
    public var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
