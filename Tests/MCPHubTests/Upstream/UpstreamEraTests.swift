import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Which era is spoken with a server of both", .timeLimit(.minutes(1)))
struct UpstreamEraTests {
    private static let asked: ClientCapabilities = [.elicitationForm]

    /// A server of the modern era that begins handshake sessions as the test says.
    private static func world(_ handshake: @escaping @Sendable (ScriptedOpener.Opening) async throws -> ScriptedSession) -> UpstreamWorld {
        UpstreamWorld(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(.v2026_07_28)) { request, _ in
                    try UpstreamWorld.listing(request) ?? json(#"{"era":"modern","completion":{"values":[]}}"#)
                }
            }, handshakes: ScriptedOpener(handshake))
    }

    private static let handshake: @Sendable (ScriptedOpener.Opening) async throws -> ScriptedSession = { _ in
        ScriptedSession(.of(.v2025_11_25), tellsRequestsApart: false) { _, _ in try json(#"{"era":"handshake"}"#) }
    }

    private static func era(_ server: UpstreamServer, _ client: StubClient?, session: UInt128? = 1) async throws -> String? {
        try await server.answer(.echo(), context: .of(client, session: session)).root["era"]?.string
    }

    private static func expect(
        _ expected: String, _ server: UpstreamServer, _ client: StubClient?, session: UInt128? = 1, place: SourceLocation = #_sourceLocation
    ) async throws {
        let era = try await era(server, client, session: session)
        #expect(era == expected, sourceLocation: place)
    }

    @Test("a client that can be asked by requests alone has a handshake session of its own; others go the modern way")
    func mirrors() async throws {
        let world = Self.world(Self.handshake)
        try await world.reached { server in
            #expect(!server.asksByRequest)
            try await Self.expect("modern", server, StubClient(Self.asked, takesInputRequests: true))
            try await Self.expect("modern", server, StubClient())
            try await Self.expect("modern", server, StubClient([.apps, .tasks]))
            try await Self.expect("modern", server, nil)
            #expect(world.handshakes.openings.isEmpty)
            for session in [1, 1, 2] as [UInt128] {
                try await Self.expect("handshake", server, StubClient(Self.asked), session: session)
            }
            #expect(world.handshakes.openings.map(\.capabilities) == [Self.asked, Self.asked])
            #expect(world.handshakes.sessions.map(\.requests.count) == [2, 1])
            #expect(world.handshakes.sessions.allSatisfy { $0.requests.allSatisfy(\.isOfOneClient) })
            #expect(world.opener.openings.count == 1)
            world.servers.endSession(1)
            #expect(world.handshakes.sessions.map(\.closes) == [1, 0])
        }
    }

    @Test("a completion asks nobody and goes the modern way")
    func completion() async throws {
        let world = Self.world(Self.handshake)
        try await world.reached { server in
            let request = OriginRequest(.complete, params: ByteBuffer(string: #"{"ref":{},"argument":{}}"#))
            let answer = try await server.answer(request, context: .of(StubClient(Self.asked), session: 1))
            #expect(answer.root["era"]?.string == "modern")
        }
    }

    @Test("a server that has no handshake is asked for one once, and again when it has been reached anew")
    func refused() async throws {
        let world = Self.world { _ in throw HubError.wrongEra(.handshake, cause: HubError.noMCP()) }
        try await world.reached { server in
            for session in 1...3 as ClosedRange<UInt128> {
                try await Self.expect("modern", server, StubClient(Self.asked), session: session)
            }
            #expect(world.handshakes.openings.count == 1)
            world.handshakes.script(Self.handshake)
            world.opener.openings.first?.observer?.ended(nil)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { world.opener.openings.count == 2 && server.state.problem == nil }
            try await Self.expect("handshake", server, StubClient(Self.asked))
        }
    }

    @Test("a handshake that fails for another reason is tried again by the next call; once there was one, its failure is the call's")
    func fails() async throws {
        let world = Self.world { _ in throw HubError(.upstreamFailed, "The upstream cannot be reached") }
        try await world.reached { server in
            try await Self.expect("modern", server, StubClient(Self.asked))
            world.handshakes.script(Self.handshake)
            try await Self.expect("handshake", server, StubClient(Self.asked))
            world.handshakes.script { _ in throw HubError(.upstreamFailed, "The upstream cannot be reached") }
            let error = await #expect(throws: HubError.self) { try await Self.era(server, StubClient(Self.asked), session: 2) }
            #expect(error?.message == "The server stub is away: no session can be begun: The upstream cannot be reached")
            world.handshakes.script { _ in throw HubError(.overloaded, "Too many processes") }
            await #expect(throws: HubError.self) { try await Self.era(server, StubClient(Self.asked), session: 3) }
        }
    }

    @Test("where one era is configured, no other is spoken")
    func configured() async throws {
        let modern = Self.world(Self.handshake)
        try await modern.reached({ $0.era = .modern }) { server in
            try await Self.expect("modern", server, StubClient(Self.asked))
            #expect(modern.handshakes.openings.isEmpty)
        }
        let handshake = Self.world { _ in
            ScriptedSession(.of(.v2025_11_25)) { request, _ in try UpstreamWorld.listing(request) ?? json(#"{"era":"handshake"}"#) }
        }
        try await handshake.reached({ $0.era = .handshake }) { server in
            #expect(server.asksByRequest && server.state.catalogue?.revision == .v2025_11_25)
            try await Self.expect("handshake", server, StubClient(Self.asked, takesInputRequests: true))
            #expect(handshake.opener.openings.isEmpty)
        }
    }

    @Test("a server over HTTP that does not speak the one era wanted is told from one that is not there")
    func http() async throws {
        let modern = StubServer { request in
            request.rpcMethod == "server/discover"
                ? .discovered(request.id) : .error("1", -32022, data: #"{"supported":["2026-07-28"]}"#, status: 400)
        }
        let noHandshake = await #expect(throws: HubError.self) { try await modern.opener(era: .handshake).open() }
        #expect(noHandshake?.isOfWrongEra == true && noHandshake?.message == "The server speaks no handshake version of MCP")
        #expect(modern.lines == ["POST initialize"])
        let old = StubServer { $0.rpcMethod == "initialize" ? .initialized($0.id) : .plain(404) }
        let noModern = await #expect(throws: HubError.self) { try await old.opener(era: .modern).open() }
        #expect(noModern?.isOfWrongEra == true && noModern?.message == "The server does not speak MCP 2026-07-28")
        #expect(old.lines == ["POST server/discover"])
        let away = StubServer { _ in .plain(503) }
        for era in UpstreamEra.allCases {
            let error = await #expect(throws: HubError.self) { try await away.opener(era: era).open() }
            #expect(error?.isOfWrongEra == false)
        }
    }

    @Test("the same for a process")
    func lines() async throws {
        let modern = StubSource { _ in StubProcess { $0.rpcMethod == "server/discover" ? $0.discovered() : $0.error(-32022) } }
        let noHandshake = await #expect(throws: HubError.self) { try await modern.opener(era: .handshake).open() }
        #expect(noHandshake?.isOfWrongEra == true)
        let session = try await modern.opener(era: .modern).open()
        #expect(session.greeting.revision == .v2026_07_28)
        let old = StubSource { _ in StubProcess { $0.rpcMethod == "initialize" ? $0.initialized() : $0.error(-32601) } }
        let noModern = await #expect(throws: HubError.self) { try await old.opener(era: .modern).open() }
        #expect(noModern?.isOfWrongEra == true)
        #expect(old.processes.count == 1)
    }
}
