import HTTPTypes

/// Under which address callers know the hub.
public struct PublicAddress: Sendable, Hashable {
    private let url: HTTPAddress?
    private let scheme: HTTPAddress.Scheme

    /// - Parameters:
    ///   - url: what the configuration says; nil: what callers say, who are served only under names that are the hub's.
    ///   - isEncrypted: whether the listener speaks TLS.
    public init(url: HTTPAddress? = nil, isEncrypted: Bool = false) {
        self.url = url
        scheme = isEncrypted ? .https : .http
    }

    /// What stands before the paths of entries.
    public func base(for request: InboundRequest) -> HTTPAddress? {
        if let url { return url }
        let authority = HTTPAddress.splitAuthority(request.head.authority ?? "")
        return HTTPAddress(scheme: scheme, host: request.host, port: authority?.port ?? scheme.defaultPort)
    }
}

extension HTTPAddress {
    /// The domain that is said to publish what is here. A closed system may be called anything.
    public var publisher: String { hostClass == .name ? host : "localhost" }

    /// The same in the order that names of packages have: `com.example` for `example.com`.
    public var reversedPublisher: String { publisher.split(separator: ".").reversed().joined(separator: ".") }
}
