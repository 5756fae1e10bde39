/// A place that keeps secrets outside the configuration: the hub's own store, Vault, a cloud's key service.
///
/// Conforming types are shared by all snapshots, bound what they read, and put a value into no log and no error.
public protocol SecretBackend: Sendable {
    /// Reads one secret.
    ///
    /// - Parameters:
    ///   - name: the part of a reference after its scheme and before `#`.
    ///   - field: the part after `#`, where the scheme has one.
    func read(_ name: String, field: String?) async throws(SecretError) -> Secret
}

/// Why a secret could not be read, in words for an operator; the value is never in them.
public struct SecretError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What can be done about it.
    public enum Kind: Sendable, Hashable {
        /// There is no such secret or field: trying again does not help.
        case missing
        /// The place does not let the hub in.
        case refused
        /// The place cannot be reached, is sealed or answers nonsense: worth another try.
        case unavailable
    }

    /// What can be done.
    public let kind: Kind
    /// What is wrong.
    public let description: String

    /// An error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
