import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("MCP handshake eras", .timeLimit(.minutes(1)))
struct HandshakeTransportTests {
    private let hub = StubHub()

    // requirement: MCP-HS-INIT-01, MCP-HS-INIT-02
    @Test(
        "initialize answers the version asked for, or the latest of its era",
        arguments: [
            ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"), ("1999-01-01", "2025-11-25"),
        ])
    func negotiates(asked: String, answered: String) async throws {
        let session = try await hub.initialize(asked)
        #expect(hub.runtime.session(session, entry: "stub", of: .anonymous)?.revision.rawValue == answered)
        #expect(hub.runtime.session(session, entry: "other", of: .anonymous) == nil)
    }

    @Test("a session is of the consumer and the credential that opened it, and not there for anybody else")
    func owner() throws {
        let key = CredentialID(kind: .apiKey, name: "a")
        let owner = Principal(consumer: "bot", groups: ["x"], credential: key)
        let token = hub.runtime.makeSession(entry: "stub", revision: .latestHandshake, of: owner)
        let text = try #require(hub.runtime.sealer.seal(token))
        #expect(hub.runtime.session(text, entry: "stub", of: owner)?.id == token.id)
        #expect(hub.runtime.session(text, entry: "stub", of: Principal(consumer: "bot", credential: key))?.id == token.id)
        let others = [
            .anonymous, Principal(consumer: "other", credential: key),
            Principal(consumer: "bot", credential: CredentialID(kind: .apiKey, name: "b")),
            Principal(consumer: "bot", credential: CredentialID(kind: .hmac, name: "a")),
        ]
        for other in others { #expect(hub.runtime.session(text, entry: "stub", of: other) == nil) }
    }

    // requirement: MCP-BASE-01, MCP-HS-INIT-04, MCP-HS-PING-01, MCP-TOOL-14
    @Test("a session lists, calls and pings; what it may not do is an error at 200")
    func session() async throws {
        let session = try await hub.initialize()
        #expect(try await hub.inSession(session, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).status == 202)
        let listed = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).json()
        #expect(listed[path: "result", "tools"]?.count == 2)
        #expect(listed[path: "result", "resultType"] == nil)
        let pinged = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#)
        #expect(pinged.text == #"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        let unknown = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"none"}}"#)
        #expect(unknown.status == 200)
        #expect(try unknown.json()[path: "error", "code"]?.int == -32602)
        let garbage = try await hub.inSession(session, "{")
        #expect(garbage.status == 200)
        #expect(try garbage.json()[path: "error", "code"]?.int == -32700)
    }

    // requirement: MCP-HS-SESS-02, MCP-HS-SESS-03, MCP-HS-SESS-04
    @Test("without a session the answer is 400, with a forged, foreign or ended one 404")
    func sessions() async throws {
        let ping = #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#
        #expect(try await hub.send(hub.request(.post, ping)).status == 400)
        #expect(try await hub.inSession("forged", ping).status == 404)
        let session = try await hub.initialize()
        let deleted = try await hub.send(hub.request(.delete, fields: [.mcpSessionID: session]))
        #expect(deleted.status == 200)
        #expect(try await hub.inSession(session, ping).status == 404)
        #expect(try await hub.send(hub.request(.get, fields: [.mcpSessionID: session])).status == 404)
    }

    // requirement: MCP-HS-BATCH-01, MCP-HS-BATCH-02, MCP-HS-BATCH-03
    @Test("batches are answered in order at 2025-03-26 and refused from 2025-06-18 on")
    func batches() async throws {
        let batch = #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"no"},1]"#
        let old = try await hub.inSession(try await hub.initialize("2025-03-26"), batch).json()
        #expect(old.kind == .array)
        #expect(old.elements.map { $0["id"]?.int } == [1, 2, nil])
        #expect(Array(old.elements)[1][path: "error", "code"]?.int == -32601)
        let new = try await hub.inSession(try await hub.initialize("2025-06-18"), batch)
        #expect(try new.json()[path: "error", "code"]?.int == -32600)
        let notifications = try await hub.inSession(try await hub.initialize("2025-03-26"), #"[{"jsonrpc":"2.0","method":"x"}]"#)
        #expect(notifications.status == 202)
    }

    // requirement: MCP-TOOL-06, MCP-TOOL-07, MCP-TOOL-10
    @Test("structured results and annotations come with the versions that have them")
    func shapes() async throws {
        let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#
        let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
        let old = try await hub.initialize("2024-11-05")
        #expect(try await hub.inSession(old, call).json()[path: "result", "structuredContent"] == nil)
        #expect(!(try await hub.inSession(old, list).text.contains("annotations")))
        let new = try await hub.initialize("2025-06-18")
        #expect(try await hub.inSession(new, call).json()[path: "result", "structuredContent"] != nil)
        #expect(try await hub.inSession(new, list).text.contains(#""title":"T""#))
    }

    // requirement: MCP-HS-CANC-01, MCP-HS-CANC-02
    @Test("a cancellation ends the call of its own session only")
    func cancellation() async throws {
        let (started, startedContinuation) = AsyncStream<Void>.makeStream()
        let slow = Tool(
            definition: StubHub.definition("slow", "Waits."),
            target: StubTarget { _ in
                startedContinuation.yield()
                try await Task.sleep(for: .seconds(50))
                return CallResponse(status: 200, contentType: nil, body: ByteBuffer())
            })
        let hub = StubHub(extra: [slow])
        let (session, other) = (try await hub.initialize(), try await hub.initialize())
        async let reply = hub.inSession(session, #"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"slow"}}"#)
        for await _ in started { break }
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#
        #expect(try await hub.inSession(other, cancel).status == 202)
        #expect(try await hub.inSession(session, cancel).status == 202)
        #expect(try await reply.json()[path: "error", "code"]?.int == 499)
    }

    @Test("the stream of a server that is gone ends")
    func goneServer() async throws {
        let session = try await hub.initialize()
        let (hub, writer) = (hub, StubResponseWriter())
        let listening = Task {
            try await hub.server.respond(to: hub.request(.get, fields: [.mcpSessionID: session]), subpath: "", writer: writer)
        }
        var chunks = writer.chunks.makeAsyncIterator()
        _ = await chunks.next()
        let rule = HostRule(names: [], allowsLoopback: true)
        let before = HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): hub.server], hosts: rule)
        hub.runtime.announceChanges(from: before, to: HubSnapshot(entries: [:], hosts: rule))
        try await listening.value
        #expect(writer.recorded.isEnded)
    }

    @Test("messages that one HTTP+SSE client has open are bounded in number and bytes")
    func pendingMessages() throws {
        let pending = PendingCalls()
        let small = try JSONDocument(parsing: #"{"a":1}"#, limits: .message).root
        for _ in 0..<PendingCalls.maximum { #expect(pending.begin(small)) }
        #expect(!pending.begin(small))
        pending.end(small)
        #expect(pending.begin(small))

        let bytes = PendingCalls()
        let large = try JSONDocument(parsing: "\"" + String(repeating: "a", count: 9 << 20) + "\"", limits: .message).root
        #expect(bytes.begin(large))
        #expect(!bytes.begin(large))
        bytes.end(large)
        #expect(bytes.begin(large))
    }
}
