import HubUpstream
import Logging
import NIOConcurrencyHelpers

/// The key sets that are reached over the network, one for each place, whichever snapshots use it.
final class RemoteKeySets: Sendable {
    private let registry: UpstreamRegistry
    private let logger = Logger(label: "hubd")
    private let sets = NIOLockedValueBox<[RemoteKeys.Location: RemoteKeys]>([:])

    init(registry: UpstreamRegistry) {
        self.registry = registry
    }

    /// The keys at a place.
    func keys(at location: RemoteKeys.Location) -> RemoteKeys {
        sets.withLockedValue { sets in
            if let known = sets[location] { return known }
            let keys = RemoteKeys(location, registry: registry, logger: logger)
            sets[location] = keys
            return keys
        }
    }

    /// Forgets the keys of places that no settings name any longer.
    func keepOnly(_ locations: Set<RemoteKeys.Location>) {
        sets.withLockedValue { sets in sets = sets.filter { locations.contains($0.key) } }
    }

    /// Fetches what is due, all at once.
    func refreshDue() async {
        await withDiscardingTaskGroup { group in
            for keys in sets.withLockedValue({ Array($0.values) }) { group.addTask { await keys.refreshIfDue() } }
        }
    }

    /// Keeps the keys new until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            await refreshDue()
        }
    }
}
