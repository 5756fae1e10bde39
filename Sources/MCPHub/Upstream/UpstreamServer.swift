public import HubCore
public import Logging
import NIOConcurrencyHelpers

/// All that is configured about one MCP server elsewhere. Two equal values are the same server, whose sessions a reload keeps.
public struct UpstreamServerSettings: Sendable, Hashable {
    /// The name in the configuration.
    public var name: String
    /// What makes the ways to two servers the same: the address and credential, or the command with all that belongs to it.
    public var identity: String
    /// How often its lists are read again, beside its own word that they changed; nil: not.
    public var refresh: Duration?
    /// Whether one session serves all callers, because the server keeps nothing in it that is one caller's.
    public var isShared = false
    /// How long its answer to one call may take.
    public var callLimit = Duration.seconds(300)
    /// How long connecting and listing may take.
    public var listLimit = Duration.seconds(30)

    /// Settings.
    public init(name: String, identity: String, refresh: Duration? = nil) {
        self.name = name
        self.identity = identity
        self.refresh = refresh
    }
}

/// The way to an MCP server.
public enum UpstreamWay: Sendable {
    /// Over HTTP: streamable HTTP of either era, or HTTP+SSE.
    case http(any OutboundHTTP)
    /// A process that the hub starts.
    case process(any LineChannelSource)
}

/// One MCP server elsewhere: keeps its catalogue, its sessions, and its word of changes, beside every snapshot.
public final class UpstreamServer: MCPOrigin {
    /// What is known of it.
    public struct State: Sendable {
        /// What it listed last; nil: nothing yet.
        public var catalogue: Catalogue?
        /// Why it is away at present; nil: it is not. May be shown to the operator.
        public var problem: String?
    }

    /// What is configured.
    public let settings: UpstreamServerSettings

    init(settings: UpstreamServerSettings) {
        self.settings = settings
    }

    /// The name in the configuration.
    public var name: String { settings.name }
    /// What is known of it.
    public var state: State { State(catalogue: nil, problem: "not connected yet") }

    /// Performs one request.
    public func answer(_ request: OriginRequest, context: CallContext) async throws -> JSONDocument {
        throw HubError(.upstreamFailed, "The server \(name) is away")
    }

    /// Watches a resource.
    public func watch(resource uri: String) {}
    /// Ends one watch.
    public func unwatch(resource uri: String) {}
}

/// The MCP servers elsewhere, by their settings: equal settings give the same server for as long as a snapshot uses it, so that a reload
/// keeps sessions and processes.
public final class UpstreamServers: Sendable {
    private let servers = NIOLockedValueBox<[UpstreamServerSettings: UpstreamServer]>([:])

    /// - Parameters:
    ///   - timers: keeps limits; must be driven.
    ///   - version: the hub's, for `clientInfo`.
    ///   - logger: hears of servers that come and go.
    ///   - updated: told of each update of a watched resource, with the server's name and the resource's address; must not block.
    public init(
        timers: TimerTable, version: String, logger: Logger, updated: @escaping @Sendable (_ server: String, _ uri: String) -> Void
    ) {}

    /// The server for these settings; `way` is asked for only where there is none yet.
    public func server(for settings: UpstreamServerSettings, way: () throws -> UpstreamWay) rethrows -> UpstreamServer {
        try servers.withLockedValue { servers in
            if let server = servers[settings] { return server }
            _ = try way()
            let server = UpstreamServer(settings: settings)
            servers[settings] = server
            return server
        }
    }

    /// Ends the servers that are not among `kept`: their sessions and processes. Calls under way in them fail.
    public func retain(_ kept: Set<UpstreamServerSettings>) {}
    /// Waits until each of these has been reached or has failed, at most `limit` long.
    public func wait(for servers: [UpstreamServer], limit: Duration) async {}
    /// Whether what any server lists, or whether it is away, has changed since the last time somebody asked: the snapshot is to be built
    /// again.
    public func takeChange() -> Bool { false }
    /// Reaches servers, keeps their catalogues, until cancelled; then ends all sessions and processes.
    public func run() async {}
}
