import Crypto
import HubCore
import NIOConcurrencyHelpers

/// What callers' tokens were exchanged for, by the digest of the caller's whole token. When it is full, a quarter goes: those that were
/// used longest ago.
final class CallerTokens: Sendable {
    private struct Entry {
        var cache: TokenCache
        var used: UInt64
    }

    private struct State {
        var clock: UInt64 = 0
        var entries: [SHA256.Digest: Entry] = [:]
    }

    private let state = NIOLockedValueBox(State())
    private let limit: Int
    private let make: @Sendable (Secret) -> TokenCache

    /// - Parameters:
    ///   - limit: the most that are kept, 4 or more.
    ///   - make: makes the cache for a token.
    init(limit: Int = 4096, make: @escaping @Sendable (Secret) -> TokenCache) {
        self.limit = limit
        self.make = make
    }

    /// How many are kept.
    var count: Int { state.withLockedValue { $0.entries.count } }

    /// The cache for a caller's token. One that is in use stays so when it is let go.
    func cache(for token: Secret) -> TokenCache {
        let digest = SHA256.hash(data: Array(token.revealed.utf8))
        return state.withLockedValue { state in
            state.clock += 1
            if let known = state.entries[digest] {
                state.entries[digest]?.used = state.clock
                return known.cache
            }
            if state.entries.count >= limit {
                for old in state.entries.sorted(by: { $0.value.used < $1.value.used }).prefix(limit / 4) { state.entries[old.key] = nil }
            }
            let cache = make(token)
            state.entries[digest] = Entry(cache: cache, used: state.clock)
            return cache
        }
    }
}
