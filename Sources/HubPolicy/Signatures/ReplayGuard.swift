import NIOConcurrencyHelpers

/// Which signed requests have been seen, so that none is taken twice. Owned by the process and shared by all snapshots.
///
/// Bounded: 16 bytes and the table's share for each request, some 40 MB when full. When it is full, requests are refused rather than
/// forgotten; one key can fill no more than half of it. It is asked for the time that passes, not for that of the clock: a clock that is
/// set forth and back makes it forget nothing.
public final class ReplayGuard: Sendable {
    /// What is said of a request.
    enum Verdict: Sendable, Hashable {
        case new, seen, full
    }

    /// Requests that may be forgotten at one time.
    private struct Batch {
        var end: ContinuousClock.Instant
        var seen: Set<UInt128> = []
        var counts: [String: Int] = [:]
    }

    private let capacity: Int
    private let batches = NIOLockedValueBox<[Batch]>([])

    /// An empty guard for `capacity` requests.
    public init(capacity: Int = 1 << 20) {
        self.capacity = max(2, capacity)
    }

    /// How many requests are remembered.
    public var count: Int { batches.withLockedValue { $0.reduce(0) { $0 + $1.seen.count } } }

    /// Remembers a request, unless it has been seen.
    ///
    /// - Parameters:
    ///   - id: what tells it from all others.
    ///   - key: whose it is.
    ///   - instant: now.
    ///   - life: how long it is remembered at least; at most an eighth longer.
    func insert(_ id: UInt128, of key: String, at instant: ContinuousClock.Instant, for life: Duration) -> Verdict {
        let (verdict, dropped) = batches.withLockedValue { batches -> (Verdict, ArraySlice<Batch>) in
            let dropped = batches.prefix { $0.end < instant }
            batches.removeFirst(dropped.count)
            if batches.contains(where: { $0.seen.contains(id) }) { return (.seen, dropped) }
            let (total, own) = batches.reduce((0, 0)) { ($0.0 + $1.seen.count, $0.1 + ($1.counts[key] ?? 0)) }
            guard total < capacity, own < capacity / 2 else { return (.full, dropped) }
            let end = instant.advanced(by: life)
            if batches.last.map({ $0.end < end }) ?? true { batches.append(Batch(end: end.advanced(by: life / 8))) }
            let last = batches.index(before: batches.endIndex)
            batches[last].seen.insert(id)
            batches[last].counts[key, default: 0] += 1
            return (.new, dropped)
        }
        _ = dropped  // freed here, after the lock
        return verdict
    }
}
