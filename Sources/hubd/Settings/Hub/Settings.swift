import HubCore
import HubPolicy

/// All that is configured, read once and handed to the wiring. Secrets in it are references.
struct Settings: Sendable, Hashable {
    /// From where calls may come.
    struct Network: Sendable, Hashable {
        /// Only these addresses; empty is all.
        var allow: [AddressRange] = []
        /// Not these addresses.
        var deny: [AddressRange] = []
    }

    /// The most that callers may use of the hub.
    struct Bounds: Sendable, Hashable {
        /// The largest head of a request.
        var headerBytes = 64 << 10
        /// The largest body of a request.
        var bodyBytes = 4 << 20
        /// The most connections at once.
        var connections = 20_000
        /// The most connections at once from one address.
        var perAddress = 256
        /// The most requests at once.
        var inFlight = 4096
        /// The most bytes that the bodies of all requests may have.
        var heldBytes = 256 << 20
    }

    /// Where callers reach the hub.
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// Where the admin listener is.
    var adminListen = ListenAddress(host: "127.0.0.1", port: 8081)
    /// The URL under which callers know the hub.
    var publicURL: HTTPAddress?
    /// Accepted `Host` values as written; empty is the default.
    var hosts: [String] = []
    /// The proxies whose word about the caller's address is taken.
    var trustedProxies: [AddressRange] = []
    /// From where calls may come.
    var network = Network()
    /// Where agents may send notifications to though it is not public.
    var webhooks = WebhookRule()
    /// Which web pages may use an entry.
    var cors: [EntryKey: CORSRule] = [:]
    /// The certificates of the public listener, the one for callers without a known name first; empty is plain HTTP.
    var tls: [TLSEntry] = []
    /// The most that callers may use.
    var bounds = Bounds()
    /// The admin token; nil is one made in the data folder.
    var adminToken: SecretReference?
    /// Whether `/metrics` is open.
    var isMetricsOpen = false
    /// The folder for what the hub stores, as the process can open it.
    var dataDirectory = "hub-data"
    /// The key that seals what the hub stores; nil is one made in the data folder.
    var masterKey: SecretReference?
    /// The places that keep secrets.
    var secretStores = SecretStores()
    /// The upstreams by name.
    var upstreams: [String: UpstreamEntry] = [:]
    /// The servers in the order written, files in the order included.
    var servers: [ServerEntry] = []
    /// The virtual servers in the order written, files in the order included.
    var virtualServers: [VirtualServerEntry] = []
    /// The server or virtual server that answers where none is named.
    var defaultServer: String?
    /// The agents in the order written, files in the order included.
    var agents: [AgentEntry] = []
    /// The agent whose card is also that of the hub.
    var defaultAgent: String?
    /// The Model APIs in the order written, files in the order included.
    var models: [ModelEntry] = []
    /// How far the clocks of those may differ who sign requests.
    var signatureSkew = Duration.seconds(300)
    /// Whether signatures with HMAC-SHA-1 are taken.
    var allowsSHA1 = false
    /// Whose tokens are taken, in the order written.
    var issuers: [IssuerEntry] = []
    /// Who may call, in the order written.
    var consumers: [ConsumerEntry] = []
    /// The files that were read, the main one first, as the process can open them.
    var files: [String] = []

    /// Every secret that the wiring will ask for.
    var secrets: [SecretReference] {
        [adminToken, masterKey].compactMap { $0 } + secretStores.secrets + tls.map(\.key) + entrySecrets
    }

    /// Those by which callers are known.
    var callerSecrets: [SecretReference] { consumers.flatMap(\.secrets) + issuers.compactMap(\.secret) }

    /// Those of them that entries need, the upstreams behind them, and those by which callers are known.
    var entrySecrets: [SecretReference] {
        upstreams.values.sorted { $0.name < $1.name }.flatMap { $0.credential?.secrets ?? [] }
            + servers.flatMap(\.secrets) + models.flatMap(\.services).flatMap(\.secrets)
            + agents.flatMap(\.secrets) + callerSecrets
    }

    /// What a server cannot do without: its own secrets and those of its upstream.
    func secrets(of entry: ServerEntry) -> [SecretReference] {
        entry.secrets + (entry.upstream.flatMap { upstreams[$0.value]?.credential?.secrets } ?? [])
    }

    /// What an agent cannot do without: its own secrets and those of its upstreams.
    func secrets(of entry: AgentEntry) -> [SecretReference] {
        entry.secrets + entry.upstreams.flatMap { upstreams[$0]?.credential?.secrets ?? [] }
    }

    /// What a service of a Model API cannot do without: its provider's keys, or the credential of its upstream.
    func secrets(of service: ModelServiceEntry) -> [SecretReference] {
        guard service.credential == nil else { return service.secrets }
        guard case .upstream(let name) = service.location else { return [] }
        return upstreams[name.value]?.credential?.secrets ?? []
    }

    /// Whether an entry that says nothing about `auth` may be open: only this machine can call, and no proxy lets others in.
    var mayBeOpen: Bool { listen.isLoopback && publicURL == nil && trustedProxies.isEmpty }

    /// The names below `/mcp/` and who may call each, in the order written.
    var exposedServers: [(name: String, auth: EntryAuth)] {
        servers.filter(\.isExposed).map { ($0.name, $0.auth) } + virtualServers.map { ($0.name, $0.auth) }
    }

    /// Who may use what of a server or virtual server that callers reach; nil where there is none of that name, or nothing is written.
    func access(of server: String) -> [Placed<AccessRule>]? {
        virtualServers.first { $0.name == server }?.access ?? servers.first { $0.name == server && $0.isExposed }?.access
    }

    /// Who may call each entry.
    var auth: [EntryKey: EntryAuth] {
        let servers = exposedServers.map { (EntryKey(kind: .mcp, name: $0.name), $0.auth) }
        let agents = agents.map { (EntryKey(kind: .a2a, name: $0.name), $0.auth) }
        let models = models.map { (EntryKey(kind: .models, name: $0.name), $0.auth) }
        return Dictionary(servers + agents + models, uniquingKeysWith: { first, _ in first })
    }

    /// Whether an entry is open without having said so.
    var hasUnwrittenAuth: Bool { auth.values.contains(.unwritten) }
}
