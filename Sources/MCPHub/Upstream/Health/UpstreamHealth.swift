import HubCore
import NIOConcurrencyHelpers

/// How one of the configured MCP servers elsewhere is, and what happened with it, by its name.
public struct UpstreamHealth: Sendable {
    /// Whether it answers, and what is served of it.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It has not been reached yet.
        case connecting
        /// It is there.
        case up
        /// It is away, and what it listed last is served.
        case stale
        /// It is away, and nothing is known of it.
        case away
    }

    /// Whether it answers.
    public var isUp = false
    /// Whether reaching it has been tried to the end.
    public var isTried = false
    /// Whether what it listed at some time is known.
    public var hasList = false
    /// How long ago its lists were read; nil: never.
    public var listAge: Duration?
    /// Its sessions that are open or being opened.
    public var sessions = 0
    /// Its processes that run; nil: it is no command.
    public var processes: Int?
    /// The calls that are under way, those that wait included.
    public var callsInFlight = 0
    /// Those of them that wait for the server to come back, or for a session.
    public var callsWaiting = 0
    /// The sessions that were begun.
    public var sessionsBegun: UInt64 = 0
    /// How often it was reached again after it had been there.
    public var restarts: UInt64 = 0
    /// What went wrong.
    public var failures: [ServerFailure: UInt64] = [:]

    init() {}

    /// Of a server that is not reached for: what lets the hub in is away.
    public static var unreachable: UpstreamHealth {
        var health = UpstreamHealth()
        health.isTried = true
        return health
    }

    /// Whether it answers, and what is served of it.
    public var state: State {
        switch (isUp, hasList, isTried) {
        case (true, _, _): .up
        case (false, true, _): .stale
        case (false, false, true): .away
        case (false, false, false): .connecting
        }
    }
}

extension UpstreamServer {
    /// Adds how this server is. `isInForce` is false for one that only ends what it began.
    func write(to health: inout UpstreamHealth, isInForce: Bool) {
        let (waiting, hasDirectory) = standing.withLockedValue { standing in
            if isInForce {
                health.isUp = standing.problem == nil
                health.isTried = standing.attempts > 0
                health.hasList = standing.catalogue != nil
            }
            return (standing.waiting.count, standing.directory != nil)
        }
        health.callsWaiting += waiting + pool.waitingCount
        health.sessions += pool.count + (hasDirectory ? 1 : 0)
        if let processes { health.processes = (health.processes ?? 0) + processes.runningProcesses }
    }
}
