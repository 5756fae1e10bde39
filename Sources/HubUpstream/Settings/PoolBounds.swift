/// What one upstream may use of the hub, for each of its addresses and on each event loop.
package struct PoolBounds: Sendable, Hashable {
    /// Connections, open and opening.
    package var connections = 256
    /// Requests that wait for one; past it a request is refused at once.
    package var waiters = 1024
    /// How long a connection without work is kept.
    package var idleTime = Duration.seconds(60)
    /// Bytes of an answer that may wait for its reader; past it the connection is not read.
    package var unreadBytes = 64 << 10

    /// The bounds that suit everybody so far.
    package init() {}
}
