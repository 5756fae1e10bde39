public import HubCore
public import Logging
import NIOConcurrencyHelpers

/// The MCP servers elsewhere, by their settings: equal settings give the same server for as long as a snapshot uses it, so that a reload
/// keeps sessions and processes.
public final class UpstreamServers: Sendable {
    private struct State {
        var servers: [UpstreamServerSettings: UpstreamServer] = [:]
        /// What is counted, by name.
        var counts: [String: UpstreamCounts] = [:]
        /// Those that nobody looks after yet.
        var new: [UpstreamServer] = []
    }

    private let state = NIOLockedValueBox(State())
    private let isChanged: NIOLockedValueBox<Bool>
    private let environment: UpstreamEnvironment
    private let opener: @Sendable (UpstreamWay, UpstreamEra) -> any SessionOpener
    private let wakeup = Wakeup()

    /// - Parameters:
    ///   - timers: keeps limits; must be driven.
    ///   - version: the hub's, for `clientInfo`.
    ///   - logger: hears of servers that come and go.
    ///   - updated: told of each update of a watched resource, with the server's name and the resource's address; must not block.
    public convenience init(
        timers: TimerTable, version: String, logger: Logger, updated: @escaping @Sendable (_ server: String, _ uri: String) -> Void
    ) {
        self.init(timers: timers, logger: logger, updated: updated) { way, era in
            way.opener(era: era, timers: timers, version: version, logger: logger)
        }
    }

    /// The same with another clock and other sessions.
    init(
        timers: TimerTable, logger: Logger, updated: @escaping @Sendable (_ server: String, _ uri: String) -> Void,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        opener: @escaping @Sendable (UpstreamWay, UpstreamEra) -> any SessionOpener
    ) {
        let isChanged = NIOLockedValueBox(false)
        self.isChanged = isChanged
        self.opener = opener
        environment = UpstreamEnvironment(
            timers: timers, logger: logger, now: now, chance: chance, updated: updated,
            changed: { isChanged.withLockedValue { $0 = true } })
    }

    /// The server for these settings; `way` is asked for only where there is none yet.
    public func server(for settings: UpstreamServerSettings, way: () throws -> UpstreamWay) rethrows -> UpstreamServer {
        if let server = state.withLockedValue({ $0.servers[settings] }) { return server }
        let way = try way()
        let counts = state.withLockedValue { $0.counts[settings.name] } ?? UpstreamCounts()
        let made = UpstreamServer(
            settings: settings, opener: opener(way, settings.era), handshakeOpener: settings.era == .auto ? opener(way, .handshake) : nil,
            environment: environment, counts: counts, processes: way.processes)
        let server = state.withLockedValue { state in
            if let other = state.servers[settings] { return other }
            state.servers[settings] = made
            state.counts[settings.name] = counts
            state.new.append(made)
            return made
        }
        wakeup.ring()
        return server
    }

    /// Ends the servers that are not among `kept`: their sessions and processes. Calls under way in them fail.
    public func retain(_ kept: Set<UpstreamServerSettings>) {
        let left = state.withLockedValue { state in
            let left = state.servers.filter { !kept.contains($0.key) }
            for settings in left.keys { state.servers[settings] = nil }
            let names = Set(state.servers.keys.map(\.name))
            state.counts = state.counts.filter { names.contains($0.key) }
            state.new.removeAll { server in left.values.contains { $0 === server } }
            return left.values
        }
        for server in left { server.stop() }
    }

    /// Waits until each of these has been reached or has failed, at most `limit` long.
    public func wait(for servers: [UpstreamServer], limit: Duration) async {
        let due = environment.now() + limit
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.waitForAttempt(after: 0, until: due) } }
        }
    }

    /// Whether what any server lists, or whether it is away, has changed since the last time somebody asked: the snapshot is to be built
    /// again.
    public func takeChange() -> Bool {
        isChanged.withLockedValue { isChanged in
            defer { isChanged = false }
            return isChanged
        }
    }

    /// How the server for these settings is, with what others of its name still do and what was counted under it; nil where there is none.
    public func health(of settings: UpstreamServerSettings) -> UpstreamHealth? {
        let (servers, counts) = state.withLockedValue { state in
            (state.servers.values.filter { $0.name.utf8.elementsEqual(settings.name.utf8) }, state.counts[settings.name])
        }
        guard servers.contains(where: { $0.settings == settings }) else { return nil }
        var health = UpstreamHealth()
        for server in servers { server.write(to: &health, isInForce: server.settings == settings) }
        counts?.write(to: &health, now: environment.now())
        return health
    }

    /// A client has ended its session: the sessions that were its own end too.
    public func endSession(_ id: UInt128) {
        for server in state.withLockedValue({ Array($0.servers.values) }) { server.pool.end(client: id) }
    }

    /// A client works in other folders than before: the servers that have a session of its own hear of it.
    public func rootsChanged(ofClient id: UInt128) {
        for server in state.withLockedValue({ Array($0.servers.values) }) { server.pool.tellOfRoots(client: id) }
    }

    /// Reaches servers, keeps their catalogues, until cancelled; then ends all sessions and processes.
    public func run() async {
        await withDiscardingTaskGroup { group in
            var calls = wakeup.calls.makeAsyncIterator()
            while !Task.isCancelled {
                let new = state.withLockedValue { state in
                    defer { state.new = [] }
                    return state.new
                }
                for server in new { group.addTask { await server.live() } }
                _ = await calls.next()  // nil where this is cancelled
            }
        }
        retain([])
    }
}
