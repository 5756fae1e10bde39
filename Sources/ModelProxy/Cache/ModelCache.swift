public import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Answers of models that may be given again. One for the hub; it outlives every snapshot. What was least used of late goes first.
///
/// Two generations: what is found in the older moves to the younger; when the younger is half of the limit, the older is let go. So nothing
/// is sorted, and nothing is looked through.
public final class ModelCache: Sendable {
    /// An answer in the words in which it was given.
    struct Answer: Sendable, Hashable {
        /// The media type.
        var contentType: String
        /// The bytes.
        var body: ByteBuffer
        /// Whether they are the events of a stream.
        var isStream: Bool
        /// The model as the provider was asked for it.
        var model: String
    }

    private struct Kept {
        let answer: Answer
        let since: ContinuousClock.Instant
        /// What it takes, its place included.
        var bytes: Int { answer.body.readableBytes + answer.contentType.utf8.count + answer.model.utf8.count + 512 }
    }

    private struct State {
        var younger: [RequestDigest: Kept] = [:]
        var older: [RequestDigest: Kept] = [:]
        var youngerBytes = 0
        var olderBytes = 0
    }

    /// The largest answer that is kept, in bytes.
    public let maximumAnswerBytes: Int
    /// How many answers were found.
    public let hits = Counter()
    /// How many were not.
    public let misses = Counter()
    private let maximumBytes: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = NIOLockedValueBox(State())

    /// An empty cache.
    ///
    /// - Parameters:
    ///   - maximumBytes: of all answers together.
    ///   - maximumAnswerBytes: of one; at most a quarter of all.
    ///   - now: the clock; nil: the system's.
    public init(
        maximumBytes: Int = 64 << 20, maximumAnswerBytes: Int = 1 << 20, now: (@Sendable () -> ContinuousClock.Instant)? = nil
    ) {
        self.maximumBytes = max(0, maximumBytes)
        self.maximumAnswerBytes = min(max(0, maximumAnswerBytes), self.maximumBytes / 4)
        self.now = now ?? { .now }
    }

    /// How many bytes it takes.
    public var byteCount: Int { state.withLockedValue { $0.youngerBytes + $0.olderBytes } }

    /// The answer to a request, and its age, where it is not older than `age`.
    func find(_ digest: RequestDigest, noOlderThan age: Duration) -> (answer: Answer, age: Duration)? {
        let now = now()
        let found = state.withLockedValue { state -> (answer: Answer, age: Duration)? in
            guard let kept = state.younger[digest] ?? state.older[digest] else { return nil }
            let since = kept.since.duration(to: now)
            guard since < age else {
                remove(digest, from: &state)
                return nil
            }
            if state.older[digest] != nil {
                remove(digest, from: &state)
                insert(kept, digest, into: &state)
            }
            return (kept.answer, since)
        }
        if found == nil { misses.increment() } else { hits.increment() }
        return found
    }

    /// Keeps an answer, in place of another to the same request.
    func keep(_ answer: Answer, for digest: RequestDigest) {
        guard answer.body.readableBytes <= maximumAnswerBytes else { return }
        let kept = Kept(answer: answer, since: now())
        state.withLockedValue { state in
            remove(digest, from: &state)
            insert(kept, digest, into: &state)
        }
    }

    private func insert(_ kept: Kept, _ digest: RequestDigest, into state: inout State) {
        if state.youngerBytes + kept.bytes > maximumBytes / 2 {
            (state.older, state.olderBytes) = (state.younger, state.youngerBytes)
            (state.younger, state.youngerBytes) = ([:], 0)
        }
        guard kept.bytes <= maximumBytes / 2 else { return }
        state.younger[digest] = kept
        state.youngerBytes += kept.bytes
    }

    private func remove(_ digest: RequestDigest, from state: inout State) {
        if let kept = state.younger.removeValue(forKey: digest) { state.youngerBytes -= kept.bytes }
        if let kept = state.older.removeValue(forKey: digest) { state.olderBytes -= kept.bytes }
    }
}
