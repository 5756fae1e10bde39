import HubCore
import NIOConcurrencyHelpers

/// What is being answered for callers who showed a credential, so that it ends with the credential: within a second of its expiry, and at
/// once where a reload revokes it. Beside every snapshot; an exchange is in it from its authentication to its last byte.
final class LiveCallers: Sendable {
    private struct Exchange {
        var entry: EntryKey
        var principal: Principal
        var writer: any ResponseWriter
    }

    private struct State {
        var next = 0
        /// How many snapshots have been put in force.
        var generation = 0
        var exchanges: [Int: Exchange] = [:]
        /// The earliest time at which a credential ends, or earlier; nil where none does.
        var nextExpiry: Int64?
    }

    private let state = NIOLockedValueBox(State())

    /// How many exchanges are under way.
    var count: Int { state.withLockedValue { $0.exchanges.count } }

    /// How many snapshots have been put in force. To be read before the snapshot that a caller is authenticated with.
    var generation: Int { state.withLockedValue { $0.generation } }

    /// Adds an exchange; `remove` takes it out with what this gives. Nil where a snapshot came into force since `generation` was read: it
    /// may have revoked what the caller showed.
    func add(_ principal: Principal, at entry: EntryKey, writer: any ResponseWriter, since generation: Int) -> Int? {
        state.withLockedValue { state in
            guard state.generation == generation else { return nil }
            state.next += 1
            state.exchanges[state.next] = Exchange(entry: entry, principal: principal, writer: writer)
            if let expiry = principal.expiry { state.nextExpiry = min(state.nextExpiry ?? expiry, expiry) }
            return state.next
        }
    }

    /// Takes an exchange out that has ended.
    func remove(_ place: Int) {
        state.withLockedValue { $0.exchanges[place] = nil }
    }

    /// Cuts what is under way for callers whom a snapshot would not let in. To be called when it is in force.
    ///
    /// - Parameter now: seconds since 1970.
    func endRevoked(in snapshot: HubSnapshot, now: Int64) {
        state.withLockedValue { $0.generation += 1 }
        end { !(snapshot.authenticators[$0.entry]?.stillAccepts($0.principal, now: now) ?? true) }
    }

    /// Cuts what is under way for credentials that have ended. Costs nothing while none has.
    func endExpired(now: Int64) {
        guard state.withLockedValue({ $0.nextExpiry.map { $0 <= now } ?? false }) else { return }
        end { $0.principal.expiry.map { $0 <= now } ?? false }
        state.withLockedValue { state in state.nextExpiry = state.exchanges.values.compactMap(\.principal.expiry).min() }
    }

    private func end(where isEnded: (Exchange) -> Bool) {
        let underWay = state.withLockedValue { Array($0.exchanges) }
        // Outside the lock, where signatures may be checked; of what ended meanwhile, nothing is cut.
        for (place, exchange) in underWay where isEnded(exchange) {
            state.withLockedValue { $0.exchanges[place]?.writer }?.cut()
        }
    }
}
