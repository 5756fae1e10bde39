/// Why nobody can sign in, in words for the operator who tries to. Holds no token and nothing that a stranger wrote but addresses.
public struct SignInError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, with what to do.
    public let description: String

    /// An error.
    public init(_ description: String) {
        self.description = description
    }
}
