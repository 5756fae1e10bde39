import HubCore

/// A host and a port to listen on.
struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address, or a name such as `localhost`.
    var host: String
    /// The port; 0 picks a free one.
    var port: Int

    /// An address from its parts.
    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:0` or `localhost:8080`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let port = Int(digits), port <= 65535,
            let (host, none) = HTTPAddress.splitAuthority(text[..<colon]), none == nil
        else { return nil }
        self.init(host: host, port: port)
    }

    /// Whether only this machine can reach it.
    var isLoopback: Bool { HostClass(host) == .loopback }

    /// The address as it is written.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
