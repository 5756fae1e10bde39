import HubCore
import HubUpstream
import Logging
import MCPHub
import NIOConcurrencyHelpers
import NIOCore

/// The MCP servers elsewhere that the configuration names. Outlives snapshots: sessions, processes and what was listed last stay while the
/// configuration says the same of a server.
final class Origins: Sendable {
    /// The way to a server with all that belongs to it, secrets included: two equal ways are one.
    enum Way: Sendable, Hashable {
        /// Over HTTP, with what comes after the path of the address.
        case http(UpstreamSettings, suffix: String)
        /// A process.
        case process(ChildProcessSettings)
    }

    /// Where a server is, secrets left out: what was listed there is known until it is listed again, whatever lets the hub in.
    private struct Place: Hashable {
        var name: String
        var location: DescriptionLocation
        var upstream: String?

        init(_ entry: ServerEntry) {
            (name, location, upstream) = (entry.name, entry.description.value, entry.upstream?.value)
        }
    }

    private struct State {
        var numbers: [Way: Int] = [:]
        var last = 0
        var listed: [Place: Catalogue] = [:]
        /// Those that the snapshot in force leads to.
        var held: Set<UpstreamServerSettings> = []
        /// Those that calls of an earlier one may still be in, until then.
        var leaving: [UpstreamServerSettings: ContinuousClock.Instant] = [:]
    }

    /// How long a server that no snapshot leads to any more is kept for the calls that are under way in it.
    static let grace = Duration.seconds(10)

    /// More ways than this are not remembered: then a server is reached anew.
    private static let maximumNumbers = 4096

    /// Those that are reached at present.
    let servers: UpstreamServers
    private let registry: UpstreamRegistry
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - registry: has the services that HTTP goes through.
    ///   - servers: reaches the servers.
    init(
        registry: UpstreamRegistry, servers: UpstreamServers, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.registry = registry
        self.servers = servers
        self.now = now
    }

    /// The server of an entry, reached by a way.
    func server(of entry: ServerEntry, by way: Way, timeouts: ServerTimeouts) -> UpstreamServer {
        let number = state.withLockedValue { state in
            if let number = state.numbers[way] { return number }
            if state.numbers.count >= Self.maximumNumbers { state.numbers.removeAll() }
            state.last += 1
            state.numbers[way] = state.last
            return state.last
        }
        var settings = UpstreamServerSettings(name: entry.name, identity: "\(number)", refresh: entry.refresh)
        settings.isShared = entry.isShared
        settings.era = entry.era
        settings.callLimit = timeouts.total ?? settings.callLimit
        settings.listLimit = timeouts.connect ?? settings.listLimit
        return servers.server(for: settings) {
            switch way {
            case .http(let upstream, let suffix):
                let service = registry.service(for: upstream)
                let address = upstream.addresses.count == 1 ? upstream.addresses.first?.address : nil
                return .http(MCPEndpoint(upstream: service, address: address, suffix: suffix))
            case .process(let process): return .process(ChildProcessSource(process))
            }
        }
    }

    /// What is known of a server, and why it is away, where it is. One that was reached in another way before, and not yet in this, has what
    /// it had then.
    func known(of server: UpstreamServer, at entry: ServerEntry) -> UpstreamServer.State {
        var known = server.state
        let place = Place(entry)
        state.withLockedValue { state in
            if let catalogue = known.catalogue {
                state.listed[place] = catalogue
            } else if let catalogue = state.listed[place] {
                known.catalogue = catalogue
                known.problem = known.problem ?? "not connected yet"
            }
        }
        return known
    }

    /// How the server of an entry is; nil where none is reached for.
    func health(of settings: UpstreamServerSettings, at entry: ServerEntry) -> UpstreamHealth? {
        guard var health = servers.health(of: settings) else { return nil }
        let place = Place(entry)
        health.hasList = health.hasList || state.withLockedValue { $0.listed[place] != nil }
        return health
    }

    /// Lets the servers go that are not among these, once the calls in them had time to end, and forgets what entries had that are gone.
    func retain(_ kept: some Sequence<UpstreamServerSettings>, entries: [ServerEntry]) {
        let kept = Set(kept)
        let places = Set(entries.map { Place($0) })
        let until = now() + Self.grace
        state.withLockedValue { state in
            for settings in state.held.subtracting(kept) { state.leaving[settings] = until }
            for settings in kept { state.leaving[settings] = nil }
            state.held = kept
            state.listed = state.listed.filter { places.contains($0.key) }
        }
        servers.retain(standing)
    }

    /// Ends the servers whose time is over.
    func endLeft() {
        let now = now()
        let isDue = state.withLockedValue { state in
            let left = state.leaving.filter { $0.value > now }
            defer { state.leaving = left }
            return left.count < state.leaving.count
        }
        if isDue { servers.retain(standing) }
    }

    /// Those that may not be ended yet.
    private var standing: Set<UpstreamServerSettings> { state.withLockedValue { $0.held.union($0.leaving.keys) } }
}

extension UpstreamServers {
    /// Reaches servers for as long as `body` runs, then ends their sessions and processes.
    func whileRunning<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}
