public import HTTPTypes
public import HubCore
public import NIOCore

/// Where a webhook is: a whole URL, read as strictly as other addresses are.
public struct WebhookAddress: Sendable, Hashable, CustomStringConvertible {
    /// Scheme, host and port.
    public let origin: HTTPAddress
    /// The path, which begins with `/`, and the query, as the client wrote them.
    public let target: String

    /// The longest URL, in bytes.
    static let maximumBytes = 2_048

    /// Reads an absolute `http` or `https` URL without user information and fragment; nil for anything else.
    public init?(_ url: String) {
        guard url.utf8.count <= Self.maximumBytes, let mark = url.firstRange(of: "://") else { return nil }
        let base = url.prefix { $0 != "?" }
        let query = url[base.endIndex...]
        guard base.endIndex > mark.upperBound, let whole = HTTPAddress(String(base)),
            query.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") }),
            let origin = HTTPAddress(scheme: whole.scheme, host: whole.host, port: whole.port)
        else { return nil }
        let path = base[mark.upperBound...].drop { $0 != "/" }
        self.origin = origin
        target = (path.isEmpty ? "/" : String(path)) + query
    }

    /// The URL.
    public var description: String { origin.description + target }
}

/// Sends notifications to webhooks, whose addresses are their clients' word.
///
/// Implemented by what connects to the outside; it follows no redirects, and refuses addresses that the hub does not connect to, both when it is
/// asked and of what it really connects to.
public protocol WebhookSender: Sendable {
    /// Whether there may be webhooks here, as far as the address tells by itself.
    ///
    /// - Throws: `HubError` with `.addressRefused`, and words that the client may read.
    func check(_ address: WebhookAddress) async throws
    /// Sends one notification and gives the status of the answer, whose body nobody reads.
    ///
    /// - Parameters:
    ///   - body: what is sent.
    ///   - headers: all that the request has beside those of HTTP itself.
    ///   - address: the webhook's.
    ///   - timeout: for all of it.
    /// - Throws: `HubError`; with `.addressRefused` it is not tried again. `CancellationError`.
    func post(_ body: ByteBuffer, headers: HTTPFields, to address: WebhookAddress, timeout: Duration) async throws -> Int
}

/// Signs notifications, so that their receivers know the hub by its public key.
public protocol NotificationKey: Sendable {
    /// Names the key among those that the hub publishes (`kid`).
    var id: String { get }
    /// The algorithm by its name in JOSE (RFC 7518 §3.1), such as `ES256`.
    var algorithm: String { get }
    /// The signature of bytes, as the algorithm has it in JOSE.
    func sign(_ bytes: [UInt8]) throws -> [UInt8]
}
