/// A tool that a request may be about.
public struct ToolHit: Sendable, Hashable {
    /// The tool, by its place in the list that the index was made from.
    public var tool: Int
    /// How well it suits, held against other hits of the same search. It says nothing about whether any tool suits, and is not for callers.
    public var score: Float
    /// The words of the request that led to it, as they are written there.
    public var matched: [String]
}

/// What a search found.
public struct ToolMatches: Sendable, Hashable {
    /// The tools, the best first.
    public var hits: [ToolHit]
    /// The words of the request that no tool has which the caller may see.
    public var unknown: [String]

    static let none = ToolMatches(hits: [], unknown: [])
}
