import HubCore

extension ServerGreeting {
    /// Reads the result of `initialize`; nil where it is none that the hub can go on with.
    init?(initialization result: JSONValue) {
        guard let version = result["protocolVersion"]?.string, let revision = ProtocolRevision(rawValue: version), !revision.isModern else {
            return nil
        }
        self.init(
            revision: revision, capabilities: result["capabilities"], serverInfo: result["serverInfo"],
            instructions: result["instructions"]?.string)
    }

    /// Reads the result of `server/discover`; nil where it names no version without handshakes that the hub speaks.
    init?(discovery result: JSONValue) {
        let named = result["supportedVersions"]?.elements ?? .none
        let versions = named.compactMap { $0.string.flatMap(ProtocolRevision.init(rawValue:)) }
        guard let revision = versions.filter(\.isModern).max(), result["capabilities"]?.kind == .object else { return nil }
        self.init(
            revision: revision, capabilities: result["capabilities"],
            serverInfo: result["_meta"]?[MetaKey.serverInfo] ?? result["serverInfo"], instructions: result["instructions"]?.string)
    }

    /// The lists whose changes the server tells of.
    var changing: [ChangeKind] {
        ChangeKind.allCases.filter { capabilities?[$0.rawValue]?["listChanged"]?.kind == .true }
    }

    /// Whether it tells of updates of single resources.
    var tellsOfUpdates: Bool { capabilities?["resources"]?["subscribe"]?.kind == .true }

    /// Whether it has a log whose level can be set.
    var logs: Bool { capabilities?["logging"]?.kind == .object }
}
