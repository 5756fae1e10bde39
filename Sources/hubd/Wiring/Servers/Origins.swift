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
    }

    /// More ways than this are not remembered: then a server is reached anew.
    private static let maximumNumbers = 4096

    /// Those that are reached at present.
    let servers: UpstreamServers
    private let registry: UpstreamRegistry
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - registry: has the services that HTTP goes through.
    ///   - servers: reaches the servers.
    init(registry: UpstreamRegistry, servers: UpstreamServers) {
        self.registry = registry
        self.servers = servers
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

    /// Ends the servers that are not among these, and forgets what entries had that are gone.
    func retain(_ kept: some Sequence<UpstreamServerSettings>, entries: [ServerEntry]) {
        servers.retain(Set(kept))
        let places = Set(entries.map { Place($0) })
        state.withLockedValue { $0.listed = $0.listed.filter { places.contains($0.key) } }
    }
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
