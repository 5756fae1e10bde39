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
            state.isChanged = true
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
            state.isChanged = true
            return true
        }
    }

    /// Whether anything is watched.
    var isEmpty: Bool { state.withLockedValue { $0.counts.isEmpty } }

    /// Whether the server is still to be told of what is watched.
    var isChanged: Bool { state.withLockedValue { $0.isChanged } }

    /// Has the server told again: it is another session, or not all of it has come there.
    func setChanged() { state.withLockedValue { $0.isChanged = !$0.counts.isEmpty } }

    /// What is watched, where the server has not been told of it; nil where it has.
    func takeChanged() -> Set<String>? {
        state.withLockedValue { state in
            guard state.isChanged else { return nil }
            state.isChanged = false
            return Set(state.counts.keys)
        }
    }
}
