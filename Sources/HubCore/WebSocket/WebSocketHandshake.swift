import Crypto
public import HTTPTypes

/// A valid request to speak WebSocket on the connection that it came over (RFC 6455 §4.2.1), which a responder accepts with
/// `ResponseWriter.acceptWebSocket` or answers like any other.
public struct WebSocketOffer: Sendable, Hashable {
    /// The subprotocols that the peer speaks, in the order it prefers.
    public var subprotocols: [String]
    /// Whether the peer speaks version 13, the only one there is; else acceptance answers 426.
    public var isSupported: Bool
    private let key: String

    /// What a request offers; nil where it is no such request. That it came over HTTP/1.1 and has no body is the caller's to know.
    public init?(_ head: HTTPRequest) {
        let fields = head.headerFields
        guard head.method == .get, Self.list(fields[values: .upgrade]).contains("websocket"),
            Self.list(fields[values: .connection]).contains("upgrade")
        else { return nil }
        let keys = fields[values: .secWebSocketKey]
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24, Base64.decode(key)?.count == 16 else { return nil }
        let versions = fields[values: .secWebSocketVersion]
        guard versions.count == 1 else { return nil }
        let subprotocols = fields[values: .secWebSocketProtocol].flatMap { $0.split(separator: ",").map { String($0.trimmingSpaces) } }
        guard subprotocols.allSatisfy(ASCIISet.token.covers), Set(subprotocols).count == subprotocols.count else { return nil }
        self.subprotocols = subprotocols
        self.isSupported = versions == ["13"]
        self.key = key
    }

    /// The value of `Sec-WebSocket-Accept` (RFC 6455 §4.2.2): proves that the request was understood, and nothing else.
    public var acceptance: String {
        Base64.encode(Array(Insecure.SHA1.hash(data: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))))
    }

    private static func list(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",").map { $0.trimmingSpaces.lowercased() } }
    }
}
