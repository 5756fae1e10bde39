import NIOCore

/// All that a caller's token says of its holder, for rules that look at it. Equal where the texts are; shown nowhere.
public struct CallerClaims: Sendable, Hashable, CustomStringConvertible {
    /// The claims, an object.
    public let root: JSONValue

    /// The claims of a token whose signature has been checked.
    public init(_ root: JSONValue) { self.root = root }

    /// What may stand in a log.
    public var description: String { "***" }

    /// Equal where the texts are.
    public static func == (a: CallerClaims, b: CallerClaims) -> Bool { a.root.rawBytes == b.root.rawBytes }
    /// The text.
    public func hash(into hasher: inout Hasher) { hasher.combine(root.rawBytes) }
}
