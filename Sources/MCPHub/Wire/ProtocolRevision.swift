/// The revisions of MCP that the hub speaks to clients, oldest first.
public enum ProtocolRevision: String, Sendable, Hashable, CaseIterable, Comparable {
    /// HTTP+SSE, batches.
    case v2024_11_05 = "2024-11-05"
    /// Streamable HTTP, batches, annotations, audio.
    case v2025_03_26 = "2025-03-26"
    /// Structured results, titles; no batches.
    case v2025_06_18 = "2025-06-18"
    /// The last of the handshake era.
    case v2025_11_25 = "2025-11-25"
    /// Stateless: no handshake, no session, every request describes itself.
    case v2026_07_28 = "2026-07-28"

    /// Whether every request describes itself, instead of a session that began with `initialize`.
    public var isModern: Bool { self >= .v2026_07_28 }
    /// What `initialize` answers a version it does not know with.
    static let latestHandshake = ProtocolRevision.v2025_11_25
    /// The versions without a handshake, for `server/discover`.
    static let modern = allCases.filter(\.isModern)

    /// Dates in this form sort by age.
    public static func < (a: ProtocolRevision, b: ProtocolRevision) -> Bool { a.rawValue < b.rawValue }
}
