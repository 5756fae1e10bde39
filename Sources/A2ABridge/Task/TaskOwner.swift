import Crypto
public import HubCore

/// Whose a task is, as a digest that tells nothing: the consumer and the credential of a caller, or the address of one without a credential.
public struct TaskOwner: Sendable, Hashable {
    // In halves: Swift 6.3 loses its way in an async function that is given a `UInt128` and has arguments on the stack.
    private let high: UInt64
    private let low: UInt64

    /// The digest.
    public var digest: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// The owner that a store kept.
    public init(digest: UInt128) { (high, low) = (UInt64(truncatingIfNeeded: digest >> 64), UInt64(truncatingIfNeeded: digest)) }

    /// The owner that a caller is.
    public init(_ context: CallContext) {
        let who = context.principal.credential.map { "\($0)\0\(context.principal.consumer)" } ?? "\0\(context.callerAddress ?? "")"
        self.init(digest: SHA256.hash(data: Array(who.utf8)).prefix(16).reduce(0) { $0 << 8 | UInt128($1) })
    }
}
