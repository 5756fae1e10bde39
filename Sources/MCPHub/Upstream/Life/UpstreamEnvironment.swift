import HubCore
import Logging

/// What the servers share.
struct UpstreamEnvironment: Sendable {
    /// Keeps limits.
    let timers: TimerTable
    /// Hears of servers that come and go.
    let logger: Logger
    /// The time.
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Between 0 and 1, for delays that are not to be the same.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }
    /// Told of updates of watched resources.
    let updated: @Sendable (_ server: String, _ uri: String) -> Void
    /// Told when a snapshot would come out otherwise.
    let changed: @Sendable () -> Void
}
