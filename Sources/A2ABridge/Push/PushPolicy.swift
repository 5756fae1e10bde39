/// When a notification is sent again.
///
/// 1. An answer of 200 to 299 says that it came. 2. 410 says that nothing more is wanted there. 3. Of the other answers from 300 to 499 all but 408, 425
/// and 429 say that it will not be taken, however often it comes. 4. Anything else, and no answer, is tried again after a time that doubles from time
/// to time, of which between a half and all is waited. 5. After the last attempt it is given up; until one comes through, those behind it are tried once.
public struct PushPolicy: Sendable, Hashable {
    /// How often one is sent at most.
    public var attempts = 8
    /// How long it is waited before the second attempt.
    public var firstDelay = Duration.seconds(1)
    /// The longest wait.
    public var longestDelay = Duration.seconds(300)
    /// How long one attempt may take.
    public var timeout = Duration.seconds(15)

    /// The usual policy.
    public init() {}

    /// What follows from an attempt.
    enum Verdict: Sendable, Hashable {
        case told
        case passedOver
        case gone
        case again(after: Duration)
        case givenUp
    }

    /// What follows from an attempt.
    ///
    /// - Parameters:
    ///   - status: of the answer; nil: there was none.
    ///   - attempt: 1 for the first.
    ///   - isDown: whether the one before was given up.
    ///   - random: any number.
    func verdict(_ status: Int?, attempt: Int, isDown: Bool, random: UInt64) -> Verdict {
        switch status {
        case .some(200..<300): return .told
        case 410: return .gone
        case 408, 425, 429: break
        case .some(300..<500): return .passedOver
        default: break
        }
        guard !isDown, attempt < attempts else { return .givenUp }
        return .again(after: delay(attempt, random: random))
    }

    private func delay(_ attempt: Int, random: UInt64) -> Duration {
        let doubled = firstDelay * (1 << min(max(0, attempt - 1), 20))
        let half = min(doubled, longestDelay) / 2
        return half + half * Double(random >> 11) / Double(1 << 53)
    }
}
