/// Why the store cannot be used, in words for an operator: they name files, secrets and keys' ids, never what is in them.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What can be done about it.
    public enum Kind: Sendable, Hashable {
        /// The file cannot be opened, read or written.
        case unusable
        /// The file is not the hub's.
        case foreign
        /// A newer version wrote it.
        case newer
        /// There is no such entry.
        case missing
        /// What is to be stored is too large, empty or has a wrong name.
        case invalid
        /// The store is sealed under a master key that is not at hand.
        case wrongKey
        /// What is stored does not open under the key that it names, or is not what was stored: somebody changed it.
        case damaged
        /// What is to be changed is not as the caller takes it to be.
        case conflict
        /// More is to be written at once than is kept waiting.
        case busy
    }

    /// What can be done.
    public let kind: Kind
    /// What is wrong, with what to do.
    public let description: String

    /// An error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
