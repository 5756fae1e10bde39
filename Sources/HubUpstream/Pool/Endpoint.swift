import HubCore

/// One address of an upstream, with all that is the same for each request to it.
struct Endpoint: Sendable {
    /// A name or an address.
    let host: String
    /// The port.
    let port: Int
    /// The value of `Host`.
    let authority: String
    /// Whether TLS is spoken.
    let isSecure: Bool
    /// Empty, or the path that replaces that of a description.
    let path: String
    /// The host, where it is an address.
    let address: IPAddress?

    init(_ address: HTTPAddress) {
        host = address.host
        port = address.port
        authority = address.authority
        isSecure = address.scheme == .https
        path = address.path
        self.address = IPAddress(address.host)
    }
}
