import HTTPTypes
import HubCore
import HubServer
import MCPHub

/// Answers the public listener from the snapshot in force.
struct PublicResponder: HTTPResponder {
    let store: SnapshotStore

    /// What a request must pass before an entry answers, in order. The listener has given it an id and refused what is too large, too slow
    /// or ambiguous; the entry itself checks the origin.
    static let checks: [any InboundCheck] = [
        HostCheck()  // first: a page that rebound a name to this address may learn nothing
    ]

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        let snapshot = store.current
        for check in Self.checks {
            if let refusal = check.refusal(of: request, snapshot: snapshot) {
                return try await writer.refuse(refusal.status, refusal.message)
            }
        }
        guard let (key, subpath) = EntryPath.split(request.path) else { return try await writer.refuse(.notFound, "There is nothing here") }
        if let entry = snapshot.entries[key] {
            return try await entry.respond(to: request, subpath: subpath, writer: writer)
        }
        if snapshot.unavailable[key] != nil {
            return try await writer.refuse(.serviceUnavailable, "This server is not available at present", fields: [.retryAfter: "5"])
        }
        try await writer.refuse(.notFound, "There is nothing here")
    }
}

/// Something that may refuse a request before an entry sees it.
protocol InboundCheck: Sendable {
    /// The refusal, or nil to pass the request on.
    func refusal(of request: InboundRequest, snapshot: HubSnapshot) -> Refusal?
}

/// A status and what to say with it.
struct Refusal: Sendable {
    var status: HTTPResponse.Status
    var message: String
}

/// Serves only the names the hub is known by (RFC 9110 §15.5.20).
struct HostCheck: InboundCheck {
    func refusal(of request: InboundRequest, snapshot: HubSnapshot) -> Refusal? {
        guard let authority = request.head.authority, snapshot.hosts.allows(authority: authority) else {
            return Refusal(
                status: .misdirectedRequest, message: "This host name is not served here; the setting hosts names those that are")
        }
        return nil
    }
}

/// Which entry a path belongs to.
enum EntryPath {
    /// `/mcp/{name}` and what follows.
    static func split(_ path: Substring) -> (key: EntryKey, subpath: Substring)? {
        let rest = path.dropFirst()
        guard path.first == "/", let slash = rest.firstIndex(of: "/"), let kind = EntryKey.Kind(rawValue: String(rest[..<slash])) else {
            return nil
        }
        let after = rest[rest.index(after: slash)...]
        let name = after.prefix { $0 != "/" }
        guard !name.isEmpty else { return nil }
        return (EntryKey(kind: kind, name: String(name)), after[name.endIndex...])
    }
}
