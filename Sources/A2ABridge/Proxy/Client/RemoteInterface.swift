import HubCore

/// One way to speak to an agent elsewhere, of those that its card names.
///
/// 1. What the operator wrote has the last word on where the agent is: of the addresses in a card the path alone is used.
/// 2. Where the operator wrote a path, too, a path of the card counts as long as it is that one or below it; any other is of another place, and
///    the agent is spoken to at the operator's own.
/// 3. Of several ways, those of 1.0 come before those of 0.3, and each in the order of the card. Versions with other numbers come last: a later
///    1.x is spoken to as 1.0, a former 0.x as 0.3. Bindings that are no HTTP are passed over.
struct RemoteInterface: Sendable, Hashable {
    /// How a request is put into HTTP.
    enum Binding: Sendable, Hashable {
        /// JSON-RPC 2.0: one address, and the method in the body.
        case jsonRPC
        /// HTTP+JSON: methods and paths of HTTP.
        case http
    }

    /// The version that is spoken.
    var version: A2AVersion
    /// How requests are put into HTTP.
    var binding: Binding
    /// The path at the agent's host; nil: that of the release's own address.
    var path: String?
    /// What a client repeats in every request (1.0).
    var tenant: String?

    /// The way that the hub takes; nil where it knows none of them.
    ///
    /// - Parameter ownPath: the path that the operator wrote; empty for none.
    static func chosen(from card: AgentCard, ownPath: String) -> RemoteInterface? {
        let ways = card.interfaces.compactMap { interface in
            RemoteInterface(interface, ownPath: ownPath).map { (way: $0, isExact: A2AVersion(rawValue: interface.version) != nil) }
        }
        for isExact in [true, false] {
            for version in [A2AVersion.v1_0, .v0_3] {
                if let found = ways.first(where: { $0.isExact == isExact && $0.way.version == version }) { return found.way }
            }
        }
        return nil
    }
}

extension RemoteInterface {
    /// The way of one interface of a card; nil for one that the hub does not know.
    fileprivate init?(_ interface: AgentInterface, ownPath: String) {
        switch interface.binding.uppercased() {
        case AgentInterface.Binding.jsonRPC: binding = .jsonRPC
        case AgentInterface.Binding.http: binding = .http
        default: return nil
        }
        switch interface.version.prefix(2) {
        case "1.": version = .v1_0
        case "0.": version = .v0_3
        default: return nil
        }
        guard let path = Self.path(of: interface.url) else { return nil }
        let isBelow = ownPath.isEmpty || path == ownPath || path.hasPrefix(ownPath + "/")
        self.path = isBelow ? path : nil
        tenant = version == .v1_0 ? interface.tenant : nil
    }

    /// Path and query of an address, as they are written: a slash at the end makes a difference to some. Nil for what is no address of HTTP.
    private static func path(of url: String) -> String? {
        guard let mark = url.firstRange(of: "://"), ["http", "https"].contains(url[..<mark.lowerBound].lowercased()) else { return nil }
        let rest = url[mark.upperBound...]
        let place = rest[rest.prefix { !"/?#".contains($0) }.endIndex...].prefix { $0 != "#" }
        let path = place.prefix { $0 != "?" }
        // Whether it may be a path is asked of any host: the card's is not where the request goes.
        guard HTTPAddress(scheme: .http, host: "agent", port: 80, path: String(path)) != nil,
            place.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        return String(place)
    }
}
