/// Which eras of MCP are spoken with a server.
public enum UpstreamEra: String, Sendable, Hashable, CaseIterable {
    /// 2026-07-28 where the server speaks it, and else a handshake version. Clients of the handshake eras that can be asked have handshake
    /// sessions of their own where the server has those too: many of both eras can ask in the older alone.
    case auto
    /// 2026-07-28 and nothing else.
    case modern
    /// The handshake versions and nothing else.
    case handshake
}
