import HubCore
import HubUpstream

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
        case oauthClient(TokenServiceEntry)
        case tokenExchange(TokenServiceEntry, subject: SubjectTokenType)
        case sigv4(AccessKey, region: String, service: String)
        case alibaba(AccessKey, action: String?, version: String?)

        /// The references in it.
        var secrets: [SecretReference] {
            switch self {
            case .header(_, let secret), .query(_, let secret), .basic(_, let secret), .bearer(let secret): [secret]
            case .oauthClient(let service), .tokenExchange(let service, _): [service.clientSecret]
            case .sigv4(let key, _, _), .alibaba(let key, _, _): key.secrets
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
