/// How much XML is read from one text. Beyond the first limit that is met, all of it is refused.
struct XMLLimits: Sendable {
    /// The bytes of the text, before anything is looked at.
    var maximumBytes: Int
    /// How deep elements stand in each other; at most 250, as libxml2 has a limit of its own.
    var maximumDepth = 128
    /// How many elements there are.
    var maximumElements: Int
    /// How many attributes one element has, its declarations of namespaces included.
    var maximumAttributes = 256
    /// How many declarations of namespaces are in scope at one element.
    var maximumDeclarations = 1024

    /// Whether elements know where they stand: that costs time, and nobody asks it of an answer.
    var keepsPositions = true

    /// For a description of an API, which its owner chose.
    static let description = XMLLimits(maximumBytes: 32 << 20, maximumElements: 500_000)
    /// For an answer of an upstream.
    static let message = XMLLimits(maximumBytes: 8 << 20, maximumElements: 200_000, keepsPositions: false)
}
