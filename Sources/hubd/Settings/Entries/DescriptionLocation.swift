import HubCore

/// Where it is found out what a server has: in the description of an API, in the configuration itself, or from an MCP server.
enum DescriptionLocation: Sendable, Hashable {
    /// A path as the process can open it.
    case file(String)
    /// An absolute `http` or `https` URL, possibly with a query.
    case url(String)
    /// Endpoints written by hand.
    case endpoints(EndpointList)
    /// An MCP server elsewhere.
    case mcp(RemoteServer)
    /// An MCP server that the hub starts.
    case command(ServerCommand)

    /// Whether it is an MCP server, which says by itself what it has.
    var isMCP: Bool {
        switch self {
        case .mcp, .command: true
        case .file, .url, .endpoints: false
        }
    }

    /// Whether what is found there may change at any time, without a change of the configuration.
    var isRemote: Bool {
        switch self {
        case .url, .mcp, .command: true
        case .file, .endpoints: false
        }
    }

    /// Whether `text` is meant as a URL.
    static func isURL(_ text: String) -> Bool { text.contains("://") }

    /// Whether a URL is one the hub would fetch: no user name, no fragment.
    static func isWellFormedURL(_ text: String) -> Bool {
        let base = text.prefix { $0 != "?" }
        return HTTPAddress(String(base)) != nil && !text.contains("#") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// Endpoints written by hand, as they stand in a file of the configuration. Equal where they say the same at the same place.
struct EndpointList: Sendable, Hashable {
    /// The list.
    var list: ConfigValue

    static func == (a: EndpointList, b: EndpointList) -> Bool {
        a.list.place == b.list.place && a.list.json.rawBytes == b.list.json.rawBytes
    }

    func hash(into hasher: inout Hasher) { hasher.combine(list.place) }
}
