import HubCore

/// The extensions of MCP servers that the hub carries to their clients.
public struct ServerExtensions: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// A set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Calls may become tasks (`io.modelcontextprotocol/tasks`).
    public static let tasks = ServerExtensions(rawValue: 1 << 0)
    /// Tools have pages (`io.modelcontextprotocol/ui`).
    public static let apps = ServerExtensions(rawValue: 1 << 1)

    static let tasksName = "io.modelcontextprotocol/tasks"
    static let appsName = "io.modelcontextprotocol/ui"

    /// What a server's capabilities declare. Tasks of 2025-11-25 are another thing, which is not carried.
    init(_ capabilities: JSONValue?, revision: ProtocolRevision) {
        self = []
        let extensions = capabilities?["extensions"]
        if revision.isModern, extensions?[Self.tasksName]?.kind == .object { insert(.tasks) }
        if extensions?[Self.appsName]?.kind == .object { insert(.apps) }
    }

    /// What of them a client of a revision can be told of: `_meta` of tools, where their pages stand, is from 2025-06-18 on.
    func known(to revision: ProtocolRevision) -> ServerExtensions {
        revision.isModern ? self : revision >= .v2025_06_18 ? intersection(.apps) : []
    }

    /// Writes them as the object `extensions`, each without settings.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        for (name, part) in [(Self.tasksName, ServerExtensions.tasks), (Self.appsName, .apps)] where contains(part) {
            json.key(name)
            json.beginObject()
            json.endObject()
        }
        json.endObject()
    }
}
