/// How large a list became, and what was left out for it.
public struct ListReport: Sendable, Hashable {
    /// How many tools are listed, the one that describes the others included.
    public var tools: Int
    /// The size of the list.
    public var bytes: Int
    /// The size of the list with nothing left out.
    public var fullBytes: Int
    /// The names of the tools whose schema was shortened.
    public var shortened: [String] = []
    /// The names of the tools that are listed by name and one line.
    public var namesOnly: [String] = []
    /// The most that the list may have; nil where there is no limit.
    public var tokens: Int?

    /// Four bytes are about one token of a model.
    public static func tokens(ofBytes bytes: Int) -> Int { (bytes + 3) / 4 }

    /// Whether even the shortest list is too large.
    public var isOverBudget: Bool { tokens.map { Self.tokens(ofBytes: bytes) > $0 } ?? false }

    /// One line for people.
    public var description: String {
        var text = "\(tools) tools, \(bytes) bytes, about \(Self.tokens(ofBytes: bytes)) tokens"
        if bytes < fullBytes { text += " in place of \(Self.tokens(ofBytes: fullBytes))" }
        if !shortened.isEmpty { text += "; shortened: \(Self.listed(shortened))" }
        if !namesOnly.isEmpty { text += "; by name alone: \(Self.listed(namesOnly))" }
        return text
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
}
