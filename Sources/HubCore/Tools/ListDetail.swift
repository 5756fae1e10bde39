/// How much the list of a server says of its tools.
public enum ListDetail: Sendable, Hashable {
    /// All of it.
    case full
    /// The name and one line; the rest is told when it is asked for.
    case lazy
    /// As much as fits: where a schema has to be shortened, and where that is not enough a tool is listed as by `lazy`.
    case within(tokens: Int)
}
