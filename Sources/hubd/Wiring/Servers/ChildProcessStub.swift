import HubCore

/// How the process of one server is started.
struct ChildProcessSettings: Sendable, Hashable {
    /// The program and its arguments.
    var command: [String]
    /// What is added to its environment.
    var environment: [String: String]
    /// The folder it runs in; nil: the hub's.
    var workingDirectory: String?
}

/// Starts the process of one server.
struct ChildProcessSource: LineChannelSource {
    /// A source.
    init(_ settings: ChildProcessSettings) {}

    func open() async throws -> any LineChannel { throw HubError(.upstreamFailed, "Commands are not in this version") }
}
