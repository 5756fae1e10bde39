/// What a listener grants its callers. Everything past it is refused with an answer that says so.
public struct ListenerBounds: Sendable, Hashable {
    /// The request line and header fields together, in bytes.
    public var headerBytes: Int
    /// Header fields of a request.
    public var fields = 100
    /// The body of a request, in bytes.
    public var bodyBytes: Int
    /// The bodies of all requests that are arriving or being answered, in bytes.
    public var heldBytes: Int
    /// Open connections in all.
    public var connections: Int
    /// Open connections of one address.
    public var perAddress: Int
    /// Requests being answered in all; streams count.
    public var inFlight: Int
    /// From the first byte of a connection, or of a request on a kept one, to the end of its header.
    public var headerTime: Duration = .seconds(10)
    /// From the end of the header to the end of the body.
    public var bodyTime: Duration = .seconds(60)
    /// Between two requests of a kept connection.
    public var idleTime: Duration = .seconds(90)
    /// How long a caller may take fewer than `writeBytes` of what waits for it.
    public var writeTime: Duration = .seconds(30)
    /// What a caller for whom bytes wait has to take within `writeTime`.
    public var writeBytes = 64 << 10
    /// What may wait for all callers, in bytes. Past it `crowdedWriteTime` is in force, and addresses for which more than a sixteenth of it
    /// waits get no more answers; past twice as much nobody does.
    public var unsentBytes = 256 << 20
    /// `writeTime` while too much waits for all callers.
    public var crowdedWriteTime: Duration = .seconds(2)

    /// Bounds; times are as good as fixed.
    public init(
        headerBytes: Int = 64 << 10, bodyBytes: Int = 4 << 20, heldBytes: Int = 256 << 20, connections: Int = 20_000, perAddress: Int = 256,
        inFlight: Int = 4_096
    ) {
        self.headerBytes = headerBytes
        self.bodyBytes = bodyBytes
        self.heldBytes = heldBytes
        self.connections = connections
        self.perAddress = perAddress
        self.inFlight = inFlight
    }
}
