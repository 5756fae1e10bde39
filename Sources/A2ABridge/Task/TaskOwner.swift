import Crypto
public import HubCore

/// Whose a task is, as a digest that tells nothing: the consumer and the credential of a caller, or the address of one without a credential.
public struct TaskOwner: Sendable, Hashable {
    /// The digest.
    public let digest: UInt128

    /// The owner that a store kept.
    public init(digest: UInt128) { self.digest = digest }

    /// The owner that a caller is.
    public init(_ context: CallContext) {
        let who = context.principal.credential.map { "\($0)\0\(context.principal.consumer)" } ?? "\0\(context.callerAddress ?? "")"
        digest = SHA256.hash(data: Array(who.utf8)).prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
