import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// The servers of a hub, over scripted sessions and a clock that the test moves.
struct UpstreamWorld {
    let clock = TestClock()
    let opener: ScriptedOpener
    /// Begins the sessions that have to be of a handshake era.
    let handshakes: ScriptedOpener
    let servers: UpstreamServers
    let updates: NIOLockedValueBox<[String]>

    /// Sessions of one era with one script for all that is asked in them; lists are answered with one tool, `echo`.
    init(
        _ revision: ProtocolRevision = .v2026_07_28, tellsRequestsApart: Bool = true, capabilities: String = #"{"tools":{}}"#,
        respond: @escaping ScriptedSession.Respond = { _, _ in try json("{}") }
    ) {
        self.init(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(revision, capabilities), tellsRequestsApart: tellsRequestsApart) { request, handler in
                    if let listing = try Self.listing(request) { return listing }
                    return try await respond(request, handler)
                }
            })
    }

    init(
        opener: ScriptedOpener,
        handshakes: ScriptedOpener = ScriptedOpener { _ in throw HubError.wrongEra(.handshake, cause: HubError.noMCP()) }
    ) {
        self.opener = opener
        self.handshakes = handshakes
        let updates = NIOLockedValueBox<[String]>([])
        self.updates = updates
        servers = UpstreamServers(
            timers: clock.timers, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            updated: { server, uri in updates.withLockedValue { $0.append("\(server) \(uri)") } },
            now: { [clock] in clock.now }, chance: { 1 }, opener: { _, era in era == .handshake ? handshakes : opener })
    }

    static func listing(_ request: SessionRequest, tool: String = "echo") throws -> JSONDocument? {
        switch request.method {
        case "tools/list": try json(#"{"tools":[{"name":"\#(tool)","inputSchema":{"type":"object"}}]}"#)
        case "resources/list": try json(#"{"resources":[]}"#)
        case "resources/templates/list": try json(#"{"resourceTemplates":[]}"#)
        default: nil
        }
    }

    func server(_ name: String = "stub", change: (inout UpstreamServerSettings) -> Void = { _ in }) -> UpstreamServer {
        var settings = UpstreamServerSettings(name: name, identity: name)
        change(&settings)
        return servers.server(for: settings) { .process(NoProcess()) }
    }

    /// Looks after the servers while `body` runs.
    func running(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [servers] in await servers.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Looks after one server, which has been reached when `body` begins.
    func reached(
        _ change: (inout UpstreamServerSettings) -> Void = { _ in }, _ body: @Sendable (UpstreamServer) async throws -> Void
    ) async throws {
        let server = server(change: change)
        try await running {
            await servers.wait(for: [server], limit: .seconds(30))
            try await body(server)
        }
    }
}

struct NoProcess: LineChannelSource {
    let runningProcesses = 0

    func open() async throws -> any LineChannel { throw HubError(.internal, "no process") }
}

extension OriginRequest {
    /// A call of the tool `echo`.
    static func echo(_ arguments: String = "{}", resumption: CallResumption? = nil) -> OriginRequest {
        OriginRequest(
            .callTool, params: ByteBuffer(string: #"{"name":"echo","arguments":\#(arguments)}"#), resumption: resumption)
    }
}

extension CallContext {
    static func of(_ client: StubClient? = nil, session: UInt128? = nil, consumer: String = "anonymous") -> CallContext {
        CallContext(
            requestID: "r", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            principal: Principal(consumer: consumer, credential: nil), client: client, session: session)
    }
}

extension SessionRequest {
    var paramsText: String { params.map { String(buffer: $0) } ?? "" }
}
