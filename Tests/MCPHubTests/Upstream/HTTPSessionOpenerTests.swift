import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Sessions with servers over HTTP: which era they speak", .timeLimit(.minutes(1)))
struct HTTPSessionOpenerTests {
    @Test("a server that names 2026-07-28 is spoken to in it, without a handshake")
    func modern() async throws {
        let server = StubServer { .discovered($0.id, versions: #""2025-11-25","2026-07-28""#) }
        let session = try await server.opener().open()
        #expect(session.greeting.revision == .v2026_07_28)
        #expect(session.greeting.instructions == "Use it.")
        #expect(server.lines == ["POST server/discover"])
        let probe = try #require(server.requests.first)
        #expect(probe.fields[.mcpProtocolVersion] == "2026-07-28")
        #expect(probe.fields[.mcpMethod] == "server/discover")
        #expect(probe.fields[.accept] == "application/json, text/event-stream")
        let meta = try #require(probe.body?[path: "params", "_meta"])
        #expect(meta["io.modelcontextprotocol/protocolVersion"]?.string == "2026-07-28")
        #expect(meta["io.modelcontextprotocol/clientCapabilities"]?.count == 0)
        #expect(meta[path: "io.modelcontextprotocol/clientInfo", "name"]?.string == "hubd")
    }

    /// What servers of the handshake eras answer the probe with.
    static let legacy: [CallResponse] = [
        .error(#""server-error""#, -32600, "Bad Request: Missing session ID", status: 400), .error("null", -32000, status: 400),
        .error("1", -32601), .plain(400), .plain(404), .plain(405), .plain(403), .error("1", -32603, status: 500),
        .discovered(1, versions: #""2025-11-25""#), .result(1, "{}"), .accepted,
        .error("1", -32022, data: #"{"supported":["2025-11-25"],"requested":"2026-07-28"}"#, status: 400),
        .error("1", -32022, data: "7", status: 400),
        CallResponse(status: 200, contentType: "text/html", body: ByteBuffer(string: "<html>")),
    ]

    @Test("any other answer means a handshake, whose first message names no version in a header", arguments: 0..<legacy.count)
    func handshake(case index: Int) async throws {
        let server = StubServer {
            switch $0.rpcMethod {
            case "server/discover": Self.legacy[index]
            case "initialize": .initialized($0.id)
            default: .accepted
            }
        }
        let session = try await server.opener().open([.elicitationForm])
        #expect(session.greeting.revision == .v2025_11_25)
        #expect(session.tellsRequestsApart)
        #expect(server.lines.prefix(3) == ["POST server/discover", "POST initialize", "POST notifications/initialized"])
        let initialize = server.requests[1]
        #expect(initialize.fields[.mcpProtocolVersion] == nil)
        #expect(initialize.body?[path: "params", "protocolVersion"]?.string == "2025-11-25")
        #expect(initialize.body?[path: "params", "capabilities", "elicitation", "form"] != nil)
        #expect(server.requests[2].fields[.mcpProtocolVersion] == "2025-11-25")
        #expect(server.requests[2].fields[.mcpSessionID] == "s1")
        session.close()
    }

    @Test("a server that speaks only versions of the future is refused, and no handshake is tried")
    func disjoint() async throws {
        let server = StubServer { _ in .error("1", -32022, data: #"{"supported":["2031-01-01"],"requested":"2026-07-28"}"#, status: 400) }
        let error = await #expect(throws: HubError.self) { try await server.opener().open() }
        #expect(error?.message == "The server speaks no version of MCP that the hub speaks")
        #expect(server.lines == ["POST server/discover"])
    }

    @Test("what says nothing of the era is an error, and the next session asks again", arguments: [500, 502, 503, 401, 429])
    func noVerdict(status: Int) async throws {
        let isUp = NIOLockedValueBox(false)
        let server = StubServer { request in isUp.withLockedValue { $0 } ? .discovered(request.id) : .plain(status) }
        let opener = server.opener()
        await #expect(throws: HubError.self) { try await opener.open() }
        #expect(server.lines == ["POST server/discover"])
        isUp.withLockedValue { $0 = true }
        #expect(try await opener.open().greeting.revision == .v2026_07_28)
    }

    @Test("a broken connection is an error, and no handshake is tried")
    func network() async throws {
        let server = StubServer { _ in throw HubError(.upstreamFailed, "The upstream could not be reached") }
        await #expect(throws: HubError.self) { try await server.opener().open() }
        #expect(server.lines == ["POST server/discover"])
    }

    @Test("what a server speaks is remembered, and found out again when it does not hold")
    func remembers() async throws {
        let isNew = NIOLockedValueBox(false)
        let server = StubServer { request in
            switch (request.rpcMethod, isNew.withLockedValue { $0 }) {
            case ("server/discover", true): .discovered(request.id)
            case ("initialize", false): .initialized(request.id)
            case ("notifications/initialized", _): .accepted
            default: .error("1", -32022, data: #"{"supported":["2026-07-28"]}"#, status: 400)
            }
        }
        let opener = server.opener()
        _ = try await opener.open()
        _ = try await opener.open()
        #expect(server.lines.filter { $0 == "POST server/discover" }.count == 1)
        isNew.withLockedValue { $0 = true }
        #expect(try await opener.open().greeting.revision == .v2026_07_28)
    }

    @Test("where the modern era is not wanted, a server is asked for a handshake at once")
    func notModern() async throws {
        let server = StubServer { $0.rpcMethod == "initialize" ? .initialized($0.id) : .accepted }
        #expect(try await server.opener(era: .handshake).open().greeting.revision == .v2025_11_25)
        #expect(server.lines == ["POST initialize", "POST notifications/initialized"])
        let source = StubSource { _ in StubProcess { $0.rpcMethod == "initialize" ? $0.initialized() : nil } }
        #expect(try await source.opener(era: .handshake).open().greeting.revision == .v2025_11_25)
        var input = source.processes[0].input.makeAsyncIterator()
        #expect(await input.next()?.rpcMethod == "initialize")
    }

    @Test("what is remembered of a server outlives an hour in which it is not there")
    func outage() async throws {
        let isUp = NIOLockedValueBox(true)
        let server = StubServer { request in
            guard isUp.withLockedValue({ $0 }) else { return .plain(503) }
            return request.rpcMethod == "server/discover" ? .plain(404) : request.id == 1 ? .initialized(1) : .accepted
        }
        let opener = server.opener()
        _ = try await opener.open()
        isUp.withLockedValue { $0 = false }
        let error = await #expect(throws: HubError.self) { try await opener.open() }
        #expect(error?.code == .overloaded)
        isUp.withLockedValue { $0 = true }
        _ = try await opener.open()
        #expect(server.lines.filter { $0 == "POST server/discover" }.count == 1)
    }

    @Test("a modern server that was replaced by an older one is told by its answer: the request may be sent again in the session it opens")
    func replaced() async throws {
        let isOld = NIOLockedValueBox(false)
        let server = StubServer { request in
            switch (request.rpcMethod, isOld.withLockedValue { $0 }) {
            case ("server/discover", false): .discovered(request.id)
            case ("initialize", true): .initialized(request.id)
            case ("notifications/initialized", _): .accepted
            default: .error(#""server-error""#, -32600, "Bad Request: Missing session ID", status: 400)
            }
        }
        let opener = server.opener()
        let session = try await opener.open()
        isOld.withLockedValue { $0 = true }
        let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(error?.cause is SessionLoss)
        #expect(session.isEnded)
        #expect(try await opener.open().greeting.revision == .v2025_11_25)
        #expect(server.lines.suffix(3) == ["POST server/discover", "POST initialize", "POST notifications/initialized"])
    }

    @Test("a server that moved to another path at its address is followed there, and nowhere else")
    func moved() async throws {
        let server = StubServer { request in
            guard request.path == "/mcp/" else {
                return CallResponse(status: 307, fields: [.location: "http://example.test/mcp/"], body: .complete(ByteBuffer()))
            }
            return request.rpcMethod == "server/discover" ? .discovered(request.id) : .result(request.id, "{}")
        }
        let session = try await server.opener().open()
        _ = try await session.request(.call(), handler: StubHandler())
        #expect(server.requests.map(\.path) == ["/mcp", "/mcp/", "/mcp/"])

        let elsewhere = StubServer { _ in
            CallResponse(status: 307, fields: [.location: "http://other.test/mcp/"], body: .complete(ByteBuffer()))
        }
        await #expect(throws: HubError.self) { try await elsewhere.opener().open() }
        #expect(elsewhere.requests.allSatisfy { $0.path == "/mcp" })
    }

    @Test(
        "a place that a server names counts at its own address alone",
        arguments: [
            ("/messages?id=1", "/messages?id=1", true), ("http://example.test/m", "/m", true), ("HTTP://EXAMPLE.test:80/m", "/m", true),
            ("http://example.test?x", "/?x", true), ("?id=1", "?id=1", false), ("messages/?id=1", "/a/messages/?id=1", true),
            ("./messages", "/a/messages", true), ("/m#part", "/m", true),
            ("https://example.test/m", nil, false), ("http://example.test:81/m", nil, false), ("http://user@example.test/m", nil, false),
            ("//other.test/m", nil, false), ("../m", nil, false), ("javascript:x", nil, false), ("", nil, false), ("/m\\x", nil, false),
            ("/m x", nil, false),
        ] as [(String, String?, Bool)])
    func places(reference: String, path: String?, isWhole: Bool) {
        let place = ServerPlace(reference, at: HTTPAddress("http://example.test/a/sse"))
        #expect(place?.path == path)
        #expect(place?.isWhole ?? false == isWhole)
    }
}
