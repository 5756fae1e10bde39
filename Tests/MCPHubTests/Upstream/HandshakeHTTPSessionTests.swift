import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Sessions of the handshake eras over streamable HTTP", .timeLimit(.minutes(1)))
struct HandshakeHTTPSessionTests {
    /// A server that answers what opens a session, and the rest as the test says.
    private func server(
        version: String = "2025-11-25", capabilities: String = "{}", session: String? = "s1",
        _ respond: @escaping @Sendable (StubServer.Request) async throws -> CallResponse
    ) -> StubServer {
        StubServer { request in
            switch request.rpcMethod {
            case "server/discover": .plain(404)
            case "initialize": .initialized(request.id, version: version, capabilities: capabilities, session: session)
            case "notifications/initialized", "notifications/cancelled": .accepted
            default: try await respond(request)
            }
        }
    }

    @Test(
        "a request carries the session, from 2025-06-18 on the version, and nothing of later eras",
        arguments: [("2024-11-05", nil), ("2025-03-26", nil), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25")]
            as [(String, String?)])
    func request(version: String, header: String?) async throws {
        let server = server(version: version) { .result($0.id, #"{"content":[]}"#) }
        let session = try await server.opener().open()
        #expect(session.greeting.revision.rawValue == version)
        let result = try await session.request(.call { $0.wantsProgress = true }, handler: StubHandler())
        #expect(result.root["content"]?.count == 0)
        let sent = try #require(server.requests.last)
        #expect(sent.fields[.mcpSessionID] == "s1")
        #expect(sent.fields[.mcpProtocolVersion] == header)
        #expect(sent.fields[.mcpMethod] == nil)
        #expect(sent.body?["params"].map { String(buffer: $0.rawBytes) } == #"{"name":"echo","_meta":{"progressToken":\#(sent.id)}}"#)
    }

    @Test("a batch of 2025-03-26 is read as its messages")
    func batch() async throws {
        let server = server(version: "2025-03-26") { request in
            .json(
                #"[{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}},{"jsonrpc":"2.0","id":\#(request.id),"result":{"ok":true}}]"#
            )
        }
        let handler = StubHandler()
        let result = try await server.opener().open().request(.call(), handler: handler)
        #expect(result.root["ok"]?.kind == .true)
        #expect(handler.notifications.count == 1)
    }

    @Test("what the server asks on a request's stream is answered by that request's client, and a ping by the hub")
    func asks() async throws {
        let body = StubBody()
        let server = server { request in
            if request.rpcMethod == "tools/call" { return .events(body) }
            return request.method == .get ? .plain(405) : .accepted
        }
        let session = try await server.opener().open([.elicitationForm])
        let handler = StubHandler { request in
            guard request.method == "elicitation/create" else { throw JSONRPCError(.invalidParams, "Declined") }
            return #"{"action":"accept","content":\#(String(buffer: request.params))}"#
        }
        let call = Task { try await session.request(.call(), handler: handler) }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        body.event(#"{"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"a":1}}"#)
        let answer = try #require(await server.arrival(of: "POST answer"))
        let accepted = #"{"jsonrpc":"2.0","id":"q1","result":{"action":"accept","content":{"a":1}}}"#
        #expect(answer.body.map { String(buffer: $0.rawBytes) } == accepted)
        #expect(answer.fields[.mcpSessionID] == "s1")
        body.event(#"{"jsonrpc":"2.0","id":"q2","method":"ping"}"#)
        #expect(await server.arrival(of: "POST answer")?.body?["result"]?.count == 0)
        body.event(#"{"jsonrpc":"2.0","id":"q3","method":"roots/list"}"#)
        #expect(await server.arrival(of: "POST answer")?.body?[path: "error", "code"]?.int == -32602)
        body.event(#"{"jsonrpc":"2.0","id":"q4","method":"tools/list"}"#)
        #expect(await server.arrival(of: "POST answer")?.body?[path: "error", "code"]?.int == -32601)
        body.event(#"{"jsonrpc":"2.0","id":\#(sent.id),"result":{"done":true}}"#)
        #expect(try await call.value.root["done"]?.kind == .true)
        session.close()
    }

    @Test("a question that the server takes back, or whose call is over, is not answered")
    func takesBack() async throws {
        let body = StubBody()
        let server = server { request in
            if request.rpcMethod == "tools/call" { return .events(body) }
            return request.method == .get ? .plain(405) : .accepted
        }
        let session = try await server.opener().open([.elicitationForm])
        let (gone, leaving) = AsyncStream<Void>.makeStream()
        let handler = StubHandler { _ in
            await withTaskCancellationHandler {
                let never = Awaited<Void>()
                _ = try? await never.value()  // ends with the task
            } onCancel: {
                leaving.yield()
            }
            return "{}"
        }
        let call = Task { try await session.request(.call(), handler: handler) }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        var ends = gone.makeAsyncIterator()
        body.event(#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}"#)
        body.event(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
        await ends.next()
        body.event(#"{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{}}"#)
        body.event(#"{"jsonrpc":"2.0","id":\#(sent.id),"result":{}}"#)
        _ = try await call.value
        await ends.next()
        #expect(!server.lines.contains("POST answer"))
        session.close()
    }

    @Test("a call that asks too much at once is told so")
    func asksTooMuch() async throws {
        let body = StubBody()
        let server = server { $0.rpcMethod == "tools/call" ? .events(body) : .accepted }
        let session = try await server.opener().open()
        let handler = StubHandler { _ in
            let never = Awaited<String>()
            return try await never.value()
        }
        let call = Task { try await session.request(.call(), handler: handler) }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        for id in 1...33 { body.event(#"{"jsonrpc":"2.0","id":\#(id),"method":"roots/list"}"#) }
        let answer = try #require(await server.arrival(of: "POST answer"))
        #expect(answer.id == 33)
        #expect(answer.body?[path: "error", "code"]?.int == 503)
        body.event(#"{"jsonrpc":"2.0","id":\#(sent.id),"result":{}}"#)
        _ = try await call.value
    }

    @Test("who goes away has the server told, and the stream closed")
    func cancels() async throws {
        let body = StubBody()
        let server = server { _ in .events(body) }
        let session = try await server.opener().open()
        let call = Task { try await session.request(.call(), handler: StubHandler()) }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        call.cancel()
        try await body.waitForEnd()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(await server.arrival(of: "POST notifications/cancelled")?.body?[path: "params", "requestId"]?.int == sent.id)
    }

    @Test(
        "a server that does not know the session ends it, and the request may be sent in another",
        arguments: [
            .plain(404), .error("null", -32600, "Session not found", status: 404), .error("null", -32001, "Session not found", status: 404),
            .error("null", -32000, "Bad Request: No valid session ID provided", status: 400),
        ] as [CallResponse])
    func loses(answer: CallResponse) async throws {
        let server = server { _ in answer }
        let observer = StubObserver()
        let session = try await server.opener().open(observer: observer)
        let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(error?.cause is SessionLoss)
        #expect(session.isEnded)
        #expect(await observer.next()?.hasPrefix("ended The server") == true)
        let later = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(later?.cause is SessionLoss)
    }

    @Test("the end of a session is told to a server that named it")
    func ends() async throws {
        let server = server { _ in .accepted }
        let session = try await server.opener().open()
        session.close()
        session.close()
        #expect(await server.arrival(of: "DELETE")?.fields[.mcpSessionID] == "s1")
        await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(server.lines.filter { $0 == "DELETE" }.count == 1)
    }

    @Test("a stream that breaks off before the result is taken up again behind its last event")
    func resumes() async throws {
        let first = StubBody("id: e1\nretry: 10\ndata: \n\n")
        let second = StubBody()
        let server = server { request in
            if request.method == .get { return request.fields[.lastEventID] == "e1" ? .events(second) : .plain(405) }
            return .events(first)
        }
        let timers = TimerTable()
        let session = try await server.opener(timers).open()
        let call = Task { try await session.request(.call(), handler: StubHandler()) }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        first.finish(HubError(.upstreamFailed, "The upstream closed the connection"))
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(1))
        second.event(#"{"jsonrpc":"2.0","id":\#(sent.id),"result":{"late":true}}"#, id: "e2")
        #expect(try await call.value.root["late"]?.kind == .true)
        #expect(server.lines.suffix(2) == ["POST tools/call", "GET"])
        #expect(server.requests.last?.fields[.accept] == "text/event-stream")
    }

    @Test("a stream without ids that breaks off is an error")
    func breaks() async throws {
        let server = server { _ in .events(#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#) }
        let session = try await server.opener().open()
        let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(error?.message == "The server ended before it had answered")
        #expect(!session.isEnded)
    }

    @Test("what belongs to no request comes on a stream of its own; a question there is for the only call that can be asked")
    func standingStream() async throws {
        let stream = StubBody()
        let bodies = [StubBody(), StubBody()]
        let calls = NIOLockedValueBox(0)
        let server = server(capabilities: #"{"tools":{"listChanged":true}}"#) { request in
            if request.method == .get { return .events(stream) }
            guard request.rpcMethod == "tools/call" else { return .accepted }
            let count = calls.withLockedValue { calls in
                calls += 1
                return calls
            }
            return .events(bodies[count - 1])
        }
        let observer = StubObserver()
        let session = try await server.opener().open([.roots], observer: observer)
        #expect(server.lines.last == "GET")
        stream.event(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        #expect(await observer.next() == "changed tools")
        stream.event(#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#)
        #expect(await server.arrival(of: "POST answer")?.body?[path: "error", "code"]?.int == -32601)

        let asked = Task { try await session.request(.call { $0.capabilities = [.roots] }, handler: StubHandler { _ in #"{"roots":[]}"# }) }
        let first = try #require(await server.arrival(of: "POST tools/call"))
        let other = Task { try await session.request(.call(), handler: StubHandler()) }
        let second = try #require(await server.arrival(of: "POST tools/call"))
        stream.event(#"{"jsonrpc":"2.0","id":2,"method":"roots/list"}"#)
        #expect(await server.arrival(of: "POST answer")?.body?[path: "result", "roots"]?.count == 0)
        bodies[0].event(#"{"jsonrpc":"2.0","id":\#(first.id),"result":{}}"#)
        bodies[1].event(#"{"jsonrpc":"2.0","id":\#(second.id),"result":{}}"#)
        _ = try await (asked.value, other.value)
        session.close()
        try await stream.waitForEnd()
    }

    @Test("resources are subscribed to and given up as they are watched, and the log's level is set once")
    func watches() async throws {
        let server = server(capabilities: #"{"resources":{"subscribe":true},"logging":{}}"#) { .result($0.id, "{}") }
        let session = try await server.opener().open()
        await session.watch(["a://1", "b://2"])
        await session.watch(["b://2"])
        _ = try await session.request(.call { $0.logLevel = .info }, handler: StubHandler())
        _ = try await session.request(.call { $0.logLevel = .warning }, handler: StubHandler())
        _ = try await session.request(.call { $0.logLevel = .debug }, handler: StubHandler())
        let told = server.requests.dropFirst(3).map { request in
            let params = request.body?["params"]
            return "\(request.rpcMethod) \(params?["uri"]?.string ?? params?["level"]?.string ?? "")"
        }
        #expect(
            told == [
                "resources/subscribe a://1", "resources/subscribe b://2", "resources/unsubscribe a://1", "logging/setLevel info",
                "tools/call ", "tools/call ", "logging/setLevel debug", "tools/call ",
            ])
    }

    @Test("a session performs 256 requests side by side and refuses more")
    func bounded() async throws {
        let server = server { _ in .events(StubBody()) }
        let session = try await server.opener().open()
        let calls = (0..<256).map { _ in Task { try await session.request(.call(), handler: StubHandler()) } }
        for _ in 0..<256 { _ = await server.arrival(of: "POST tools/call") }
        let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(error?.code == .overloaded)
        for call in calls { call.cancel() }
    }
}
