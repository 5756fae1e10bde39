import HubCore

/// One of `upstreams`, as written.
struct UpstreamEntry: Sendable, Hashable {
    /// How calls are spread.
    enum Balance: String, Sendable, Hashable {
        case roundRobin = "round-robin"
        case weighted
    }

    /// An address and its share.
    struct Address: Sendable, Hashable {
        /// The address.
        var url: HTTPAddress
        /// Its share of the calls, 1 … 1000.
        var weight: Int
    }

    /// How the hub is let in; the secrets are still references.
    enum Credential: Sendable, Hashable {
        case header(name: String, value: SecretReference)
        case query(name: String, value: SecretReference)
        case basic(username: String, password: SecretReference)
        case bearer(SecretReference)

        /// The reference in it.
        var secret: SecretReference {
            switch self {
            case .header(_, let secret), .query(_, let secret), .basic(_, let secret), .bearer(let secret): secret
            }
        }
    }

    /// How long the hub waits; nil is the default of HubUpstream.
    struct Timeouts: Sendable, Hashable {
        var connect: Duration?
        var firstByte: Duration?
        var idle: Duration?
        var total: Duration?
    }

    /// The name.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// Not empty. Weights count in either balance: an address without one has 1.
    var addresses: [Address]
    /// How calls are spread.
    var balance: Balance
    /// How the hub is let in.
    var credential: Credential?
    /// How long the hub waits.
    var timeouts: Timeouts
    /// Whether HTTP/2 is spoken; only where every address is https.
    var usesHTTP2 = false
    /// The file of the authorities that vouch for it, absolute.
    var authorities: Placed<String>?
}
