import NIOConcurrencyHelpers

/// Which resources of a server are watched, and by how many.
final class WatchedResources: Sendable {
    /// How many one server is asked to watch.
    static let maximum = 10_000

    private struct State {
        var counts: [String: Int] = [:]
        var isChanged = false
    }

    private let state = NIOLockedValueBox(State())

    /// Counts one more in; gives whether the server is to be told. Past the maximum nothing is counted.
    func add(_ uri: String) -> Bool {
        state.withLockedValue { state in
            guard state.counts[uri] != nil || state.counts.count < Self.maximum else { return false }
            let count = state.counts[uri] ?? 0
            state.counts[uri] = count + 1
            if count == 0 { state.isChanged = true }
            return count == 0
        }
    }

    /// Counts one out; gives whether the server is to be told.
    func remove(_ uri: String) -> Bool {
        state.withLockedValue { state in
            guard let count = state.counts[uri] else { return false }
            state.counts[uri] = count > 1 ? count - 1 : nil
            if count <= 1 { state.isChanged = true }
            return count <= 1
        }
    }

    /// Whether anything is watched.
    var isEmpty: Bool { state.withLockedValue { $0.counts.isEmpty } }

    /// Has the server told again: it is another session.
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
