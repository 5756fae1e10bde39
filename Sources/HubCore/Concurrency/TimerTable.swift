import NIOConcurrencyHelpers

/// Things to do at a time, unless they are taken back first: the limits of many calls for the price of two short locks each.
///
/// `Task.sleep` leaves its timer behind until it is due, also when cancelled: at ten thousand calls a second with a limit of two minutes
/// that is a million timers. Whoever drives the table decides how late things are done; the hub looks ten times a second.
public final class TimerTable: Sendable {
    /// Names something to do.
    public struct Token: Sendable {
        fileprivate let id: UInt64
    }

    private struct Timer {
        var due: ContinuousClock.Instant
        var action: @Sendable () -> Void
    }

    private struct State {
        var next: UInt64 = 0
        var timers: [UInt64: Timer] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// An empty table.
    public init() {}

    /// How much there is to do.
    public var count: Int { state.withLockedValue { $0.timers.count } }

    /// Adds something to do at `due` or soon after. `action` runs on the driver and must not block.
    public func add(due: ContinuousClock.Instant, action: @escaping @Sendable () -> Void) -> Token {
        state.withLockedValue { state in
            state.next &+= 1
            state.timers[state.next] = Timer(due: due, action: action)
            return Token(id: state.next)
        }
    }

    /// Takes it back; nothing happens where it is done already.
    public func remove(_ token: Token) {
        state.withLockedValue { $0.timers[token.id] = nil }
    }

    /// Does what is due at `now`, each thing once.
    public func fire(now: ContinuousClock.Instant) {
        let due = state.withLockedValue { state in
            let due = state.timers.filter { $0.value.due <= now }
            for id in due.keys { state.timers[id] = nil }
            return due
        }
        for timer in due.values { timer.action() }
    }
}
