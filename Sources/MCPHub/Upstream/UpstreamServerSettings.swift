public import HubCore

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
    /// Which eras are spoken with it.
    public var era = UpstreamEra.auto
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
