import FoundationEssentials

/// The time and the randomness that credentials are made with, as values: tests bring their own.
struct CredentialClock: Sendable {
    /// For how long tokens live.
    var now: @Sendable () -> ContinuousClock.Instant
    /// Seconds since 1970, as signatures say them.
    var seconds: @Sendable () -> Int64
    /// A value that is never given twice, 32 hexadecimal digits.
    var nonce: @Sendable () -> String

    /// The clocks and the random numbers of the system.
    static let system = CredentialClock(
        now: { .now }, seconds: { Int64(Date().timeIntervalSince1970) },
        nonce: {
            var generator = SystemRandomNumberGenerator()
            return Hexadecimal.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
        })
}
