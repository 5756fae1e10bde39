import NIOConcurrencyHelpers

/// Tokens that were found good, by the whole of their SHA-256: a prefix would let one token speak for another.
///
/// Two generations: what is asked for moves to the younger one, and when that is full the older one is dropped as a whole. So it holds at
/// most `capacity` tokens, each of 8 KiB and what was read of it, and a flood of good tokens costs no search for the oldest.
final class TokenCache: Sendable {
    private struct State {
        var young: [KeyDigest: VerifiedToken] = [:]
        var old: [KeyDigest: VerifiedToken] = [:]
    }

    private let half: Int
    private let state = NIOLockedValueBox(State())

    /// An empty cache of at least two tokens.
    init(capacity: Int) {
        half = max(1, capacity / 2)
    }

    /// How many tokens it holds.
    var count: Int { state.withLockedValue { $0.young.count + $0.old.count } }

    /// A token that was found good.
    func token(_ digest: KeyDigest) -> VerifiedToken? {
        let (token, dropped) = state.withLockedValue { state -> (VerifiedToken?, [KeyDigest: VerifiedToken]) in
            if let token = state.young[digest] { return (token, [:]) }
            guard let token = state.old.removeValue(forKey: digest) else { return (nil, [:]) }
            return (token, insert(token, digest, &state))
        }
        _ = dropped  // freed here, after the lock
        return token
    }

    /// Keeps a token.
    func insert(_ token: VerifiedToken, for digest: KeyDigest) {
        _ = state.withLockedValue { insert(token, digest, &$0) }
    }

    /// Forgets a token.
    func remove(_ digest: KeyDigest) {
        state.withLockedValue { state in
            state.young[digest] = nil
            state.old[digest] = nil
        }
    }

    /// Keeps a token; what it displaced is for the caller to free.
    private func insert(_ token: VerifiedToken, _ digest: KeyDigest, _ state: inout State) -> [KeyDigest: VerifiedToken] {
        state.old[digest] = nil
        state.young[digest] = token
        guard state.young.count >= half else { return [:] }
        let dropped = state.old
        state.old = state.young
        state.young = [:]
        return dropped
    }
}
