/// What an MCP server serves below its path; a slash at the end of the path itself is the same.
public enum MCPRoute: String, Sendable, CaseIterable {
    /// Streamable HTTP of every revision.
    case streamable = ""
    /// The stream of the transport of 2024-11-05.
    case sse = "/sse"
    /// Where messages of that transport are posted.
    case messages = "/messages"
    /// What a client is told before it connects.
    case card = "/server-card"

    /// The route of a path below the server's; nil where there is none.
    init?(subpath: Substring) {
        self.init(rawValue: subpath == "/" ? "" : String(subpath))
    }
}
