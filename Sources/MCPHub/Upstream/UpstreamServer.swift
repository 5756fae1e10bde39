public import HubCore
import Logging
import NIOConcurrencyHelpers

/// One MCP server elsewhere: keeps its catalogue, its sessions, and its word of changes, beside every snapshot.
///
/// `UpstreamServers` makes it, looks after it and ends it.
public final class UpstreamServer: MCPOrigin {
    /// What is known of it.
    public struct State: Sendable {
        /// What it listed last; nil: nothing yet.
        public var catalogue: Catalogue?
        /// Why it is away at present; nil: it is not. May be shown to the operator.
        public var problem: String?
    }

    /// Those who may wait for a server to come back at the same time.
    static let maximumWaiting = 1_024

    /// What is configured.
    public let settings: UpstreamServerSettings

    let environment: UpstreamEnvironment
    let opener: any SessionOpener
    let counts: UpstreamCounts
    /// Starts its processes, where it is a command.
    let processes: (any LineChannelSource)?
    let pool: SessionPool
    let standing: NIOLockedValueBox<Standing>
    let watches = WatchedResources()
    let wakeup = Wakeup()

    /// - Parameters:
    ///   - settings: what is configured.
    ///   - opener: begins sessions with it.
    ///   - handshakeOpener: begins sessions of the handshake eras alone, for clients that can be asked in them; nil: none has such a session
    ///     beside those of `opener`.
    ///   - environment: what it shares with others.
    ///   - counts: what is counted under its name.
    ///   - processes: starts its processes, where it is a command.
    ///   - bounds: of the sessions that calls go into.
    init(
        settings: UpstreamServerSettings, opener: any SessionOpener, handshakeOpener: (any SessionOpener)?,
        environment: UpstreamEnvironment, counts: UpstreamCounts, processes: (any LineChannelSource)? = nil,
        bounds: SessionPoolStateMachine.Bounds = .init()
    ) {
        self.settings = settings
        self.opener = opener
        self.environment = environment
        self.counts = counts
        self.processes = processes
        pool = SessionPool(
            server: settings.name, openLimit: settings.listLimit, opener: opener, handshakeOpener: handshakeOpener,
            environment: environment, counts: counts, bounds: bounds)
        standing = NIOLockedValueBox(Standing(refresh: settings.refresh, mayHaveHandshake: handshakeOpener != nil))
    }

    /// The name in the configuration.
    public var name: String { settings.name }
    /// What is known of it.
    public var state: State { standing.withLockedValue { State(catalogue: $0.catalogue, problem: $0.problem) } }
    /// Whether it may ask the client of a call by a request: servers of the modern era do not.
    public var asksByRequest: Bool { standing.withLockedValue { $0.catalogue?.revision.isModern != true } }

    /// Performs one request.
    public func answer(_ request: OriginRequest, context: CallContext) async throws -> JSONDocument {
        try await counts.counting { try await UpstreamCall(server: self, request: request, context: context).answer() }
    }

    /// Ends its sessions for good, and what is under way to reach it. Calls under way in them fail.
    func stop() {
        let (directory, waiting, work) = standing.withLockedValue { standing in
            defer { (standing.directory, standing.waiting, standing.work, standing.isStopped) = (nil, [:], nil, true) }
            standing.problem = "it is not looked after any more"
            standing.excuse = "it is not part of the configuration any more"
            return (standing.directory?.session, Array(standing.waiting.values), standing.work)
        }
        work?.cancel()
        wakeup.finish()
        pool.close()
        directory?.close()
        for continuation in waiting { continuation.resume() }
    }
}
