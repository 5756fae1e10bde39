import HubCore

/// The address of an MCP server, as written.
struct RemoteServer: Sendable, Hashable {
    /// Scheme, host and port; its path is the one below without a slash at the end.
    var address: HTTPAddress
    /// The path as it is written: with its slash at the end, which some servers insist on; empty where there is none.
    var path: String
    /// Empty, or a query with its question mark.
    var query: String

    /// Reads a URL; nil where it is none.
    init?(_ url: String) {
        let base = url.prefix { $0 != "?" }
        guard DescriptionLocation.isWellFormedURL(url), let address = HTTPAddress(String(base)) else { return nil }
        self.address = address
        let afterScheme = base.firstRange(of: "://").map { base[$0.upperBound...] } ?? base
        path = String(afterScheme.drop { $0 != "/" })
        query = String(url[base.endIndex...])
    }
}

/// A command that is an MCP server over its standard input and output, as written; secrets are still references.
struct ServerCommand: Sendable, Hashable {
    /// An environment variable.
    struct Variable: Sendable, Hashable {
        /// Its name.
        var name: String
        /// Its value.
        var value: SettingText
        /// Where the value stands.
        var place: SourcePlace
    }

    /// The program and its arguments.
    var words: [String]
    /// The variables in the order written.
    var environment: [Variable] = []
    /// The folder it runs in, as the process can open it; empty: that of the hub.
    var directory: String
    /// How much it may use.
    var limits = CommandLimits()

    /// The references in it.
    var secrets: [SecretReference] { environment.compactMap(\.value.reference) }
}

/// How much a command may use, as written; nil is the default.
struct CommandLimits: Sendable, Hashable {
    /// The memory of each of its processes, in bytes.
    var memory: Int?
    /// The processor's time of each of its processes.
    var cpuTime: Duration?
    /// The open files of each of its processes.
    var openFiles: Int?
    /// The processes of one session.
    var processes: Int?
}

/// How long the hub waits for an MCP server, as written; nil is the default.
struct ServerTimeouts: Sendable, Hashable {
    /// To reach it and to list what it has.
    var connect: Duration?
    /// For the answer to one call.
    var total: Duration?
}
