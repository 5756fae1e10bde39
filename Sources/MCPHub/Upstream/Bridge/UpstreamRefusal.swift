import HubCore

/// What a server's error is to a caller.
enum UpstreamRefusal {
    /// Codes that the hub gives a meaning of its own, which an upstream does not borrow.
    private static let own: Set = [401, 403, 429, 451, 499, 503]
    private static let longestText = 4 << 10

    /// The error in the codes of 2026-07-28.
    ///
    /// 1. What the server has against the hub's own words is its failure to a caller.
    /// 2. A resource that is not there was -32002 before.
    /// 3. Codes of the hub's own, and those of a revision that is not the caller's, are faults of the server.
    static func translated(_ error: JSONRPCError, by server: String) -> any Error {
        var told = error
        told.id = nil
        if told.message.utf8.count > longestText { told.message = String(told.message.prefix(longestText / 4)) + "…" }
        switch error.code {
        case .parseError, .headerMismatch, .unsupportedProtocolVersion:
            return HubError(.upstreamFailed, "The server \(server) did not understand the hub", cause: error)
        case .resourceNotFound: told.code = .invalidParams
        case .pageRequired: told.code = .internalError
        default: if own.contains(error.code.rawValue) { told.code = .internalError }
        }
        return told
    }
}

extension JSONRPCError.Code {
    /// MCP 2025-11-25: the user has to open a page first.
    static let pageRequired = JSONRPCError.Code(rawValue: -32042)
}
