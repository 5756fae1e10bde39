import FoundationEssentials
import HubCore

/// Drives the timers of the process.
enum Timekeeper {
    /// How late something may be done.
    static let precision = Duration.milliseconds(100)

    /// The wall clock, for what outlives the process: tokens, sessions.
    static var secondsSince1970: Int64 { Int64(Date().timeIntervalSince1970) }

    /// The same in finer steps, for what happened when.
    static var millisecondsSince1970: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// A table that is driven for as long as the process lives.
    static func start() -> TimerTable {
        let timers = TimerTable()
        // Ends with the process: limits hold to its last moment.
        Task.detached {
            while true {
                try await Task.sleep(for: precision)
                timers.fire(now: .now)
            }
        }
        return timers
    }
}
