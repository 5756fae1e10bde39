import HubCore
import NIOConcurrencyHelpers

/// Which resources of a server are watched, and by how many. Those that came first stay, whoever comes later.
final class WatchedResources: Sendable {
    /// How many one server is asked to watch, and how long their addresses are together: a server of 2026-07-28 is told of all in one message.
    static let maximum = 4_096
    static let maximumBytes = 1 << 20

    /// What became of counting one in.
    enum Addition {
        /// The server is to be told.
        case first
        case another
        /// There is no room: nothing was counted.
        case refused
    }

    private struct State {
        var counts: [String: Int] = [:]
        var bytes = 0
        var isChanged = false
        /// How often something was counted in first or out last, and how much of that the server has been told of.
        var changes = 0
        var told = 0
        var waiting: [UInt64: (change: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
        var nextWaiting: UInt64 = 0

        mutating func change() {
            isChanged = true
            changes += 1
        }
    }

    private let state = NIOLockedValueBox(State())

    /// Counts one more in.
    func add(_ uri: String) -> Addition {
        state.withLockedValue { state in
            if let count = state.counts[uri] {
                state.counts[uri] = count + 1
                return .another
            }
            guard state.counts.count < Self.maximum, state.bytes + uri.utf8.count <= Self.maximumBytes else { return .refused }
            state.counts[uri] = 1
            state.bytes += uri.utf8.count
            state.change()
            return .first
        }
    }

    /// Counts one out that was counted in; gives whether the server is to be told.
    func remove(_ uri: String) -> Bool {
        state.withLockedValue { state in
            guard let count = state.counts[uri] else { return false }
            guard count == 1 else {
                state.counts[uri] = count - 1
                return false
            }
            // Those that are one text to Swift may have different lengths: the one that is kept counts.
            if let entry = state.counts.index(forKey: uri) { state.bytes -= state.counts.remove(at: entry).key.utf8.count }
            state.change()
            return true
        }
    }

    /// Whether anything is watched.
    var isEmpty: Bool { state.withLockedValue { $0.counts.isEmpty } }

    /// Whether the server is still to be told of what is watched.
    var isChanged: Bool { state.withLockedValue { $0.isChanged } }

    /// Has the server told again: it is another session, or not all of it has come there.
    func setChanged() { state.withLockedValue { $0.isChanged = !$0.counts.isEmpty } }

    /// What is watched, where the server has not been told of it, and which change this is the state after; nil where it has.
    func takeChanged() -> (uris: Set<String>, change: Int)? {
        state.withLockedValue { state in
            guard state.isChanged else { return nil }
            state.isChanged = false
            return (Set(state.counts.keys), state.changes)
        }
    }

    /// The server has been told of what was so after a change.
    func told(_ change: Int) {
        let done = state.withLockedValue { state in
            state.told = max(state.told, change)
            let done = state.waiting.filter { $0.value.change <= state.told }
            for id in done.keys { state.waiting[id] = nil }
            return done
        }
        for waiting in done.values { waiting.continuation.resume() }
    }

    /// Waits until the server has been told of all that is so now, or until `due`.
    func settle(until due: ContinuousClock.Instant, timers: TimerTable) async {
        let (id, change) = state.withLockedValue { state in
            state.nextWaiting &+= 1
            return (state.nextWaiting, state.changes)
        }
        let timer = timers.add(due: due) { [self] in state.withLockedValue { $0.waiting.removeValue(forKey: id) }?.continuation.resume() }
        defer { timers.remove(timer) }
        await withCheckedContinuation { continuation in
            let isTold = state.withLockedValue { state in
                guard state.told < change else { return true }
                state.waiting[id] = (change, continuation)
                return false
            }
            if isTold { continuation.resume() }
        }
    }
}
