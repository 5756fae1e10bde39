import HubUpstream
import Logging
import NIOConcurrencyHelpers

/// The key sets that are reached over the network, one for each place, for as long as a snapshot uses it.
final class RemoteKeySets: Sendable {
    private struct Place {
        weak var keys: RemoteKeys?
    }

    private let registry: UpstreamRegistry
    private let logger = Logger(label: "hubd")
    private let places = NIOLockedValueBox<[RemoteKeys.Location: Place]>([:])

    init(registry: UpstreamRegistry) {
        self.registry = registry
    }

    /// The keys at a place.
    func keys(at location: RemoteKeys.Location) -> RemoteKeys {
        places.withLockedValue { places in
            if let known = places[location]?.keys { return known }
            let keys = RemoteKeys(location, registry: registry, logger: logger)
            places[location] = Place(keys: keys)
            return keys
        }
    }

    /// Fetches what there is reason to fetch, all at once.
    func fetch(for reason: FetchSchedule.Reason) async {
        let inUse = places.withLockedValue { places in
            places = places.filter { $0.value.keys != nil }
            return places.values.compactMap(\.keys)
        }
        await withDiscardingTaskGroup { group in
            for keys in inUse { group.addTask { await keys.fetch(for: reason) } }
        }
    }

    /// Keeps the keys new until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            await fetch(for: .time)
        }
    }
}
