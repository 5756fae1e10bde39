/// Why a signed request was refused: for the log and for metrics. A caller hears `answer` and no more, whatever it was.
public struct SignatureProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Two signatures in one request.
        case ambiguous
        /// No signature of its form, or a request that the form cannot sign in one way only.
        case malformed
        /// An algorithm that is not known, or not allowed.
        case unsupported
        /// Something that must be signed is not.
        case unsigned
        /// Nobody has a key of that name.
        case unknownKey
        /// Another secret, or another request.
        case badSignature
        /// The body is not the one whose digest was signed.
        case badDigest
        /// Signed too long ago, in the future, or before the hub began to remember what it has seen.
        case outsideWindow
        /// Seen before.
        case replayed
        /// There is no room to remember it, so that it could be sent once more.
        case full
    }

    /// What was wrong.
    public let kind: Kind
    /// What was wrong, in words for an operator, with nothing of the request's values in them.
    public let description: String

    /// A problem.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What a caller hears.
    public static let answer = "The signature of the request is not valid here"
}
