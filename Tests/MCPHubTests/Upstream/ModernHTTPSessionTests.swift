import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Sessions of 2026-07-28 over HTTP", .timeLimit(.minutes(1)))
struct ModernHTTPSessionTests {
    /// A server that answers everything but `server/discover` as the test says.
    private func server(
        capabilities: String = "{}", _ respond: @escaping @Sendable (StubServer.Request) async throws -> CallResponse
    ) -> StubServer {
        StubServer { request in
            guard request.rpcMethod == "server/discover" else { return try await respond(request) }
            return .discovered(request.id, capabilities: capabilities)
        }
    }

    @Test("a request says all of itself, in its parameters and in its header")
    func describesItself() async throws {
        let server = server { .result($0.id, #"{"resultType":"complete","content":[]}"#) }
        let session = try await server.opener().open()
        let request = SessionRequest.call("größe") {
            $0.meta = ByteBuffer(string: #"{"traceparent":"00-1","progressToken":"theirs","io.modelcontextprotocol/logLevel":"debug"}"#)
            $0.capabilities = [.elicitationForm, .elicitationURL, .sampling, .samplingTools, .roots, .tasks, .apps]
            $0.logLevel = .notice
            $0.wantsProgress = true
            $0.mirrored = [("Region", "us-west1"), ("Text", " padded "), ("bad name", "x")]
        }
        let result = try await session.request(request, handler: StubHandler())
        #expect(result.root["content"]?.count == 0)
        let sent = try #require(server.requests.last)
        #expect(sent.body?[path: "params", "name"]?.string == "größe")
        let meta = try #require(sent.body?[path: "params", "_meta"])
        #expect(meta["progressToken"]?.int == sent.id)
        #expect(meta["io.modelcontextprotocol/logLevel"]?.string == "notice")
        #expect(meta["traceparent"]?.string == "00-1")
        let capabilities = try #require(meta["io.modelcontextprotocol/clientCapabilities"])
        #expect(
            String(buffer: capabilities.rawBytes)
                == #"{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{},"extensions":{"io.modelcontextprotocol/tasks":{},"#
                + #""io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}"#)
        #expect(sent.fields[.mcpMethod] == "tools/call")
        #expect(sent.fields[.mcpName] == "=?base64?Z3LDtsOfZQ==?=")
        let names = sent.fields.filter { $0.name.canonicalName.hasPrefix("mcp-param-") }
        #expect(
            names.map { "\($0.name.canonicalName): \($0.value)" }
                == ["mcp-param-region: us-west1", "mcp-param-text: =?base64?IHBhZGRlZCA=?="])
    }

    @Test("what comes before the result on its stream is told, progress under the request's own token alone")
    func events() async throws {
        let server = server { request in
            .events(
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(request.id),"progress":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":999,"progress":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#,
                #"{"jsonrpc":"2.0","id":4711,"result":{"isOther":true}}"#,
                #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"resultType":"complete"}}"#)
        }
        let session = try await server.opener().open()
        let handler = StubHandler()
        let result = try await session.request(.call { $0.wantsProgress = true }, handler: handler)
        #expect(result.root["resultType"]?.string == "complete")
        #expect(handler.notifications.map { $0.prefix(22) } == ["notifications/progress", "notifications/message "])
    }

    @Test("events are read whichever way their bytes are cut, and not where they are cut off")
    func pieces() async throws {
        let text = ": hi\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":2,\"result\":{\"a\":\"é\"}}\r\n\r\n"
        let bytes = Array(text.utf8)
        for length in [bytes.count] + stride(from: 0, to: bytes.count - 2, by: 7) {
            let server = StubServer { request in
                if request.rpcMethod == "server/discover" { return .discovered(request.id) }
                let body = StubBody()
                for byte in bytes.prefix(length) { body.send(bytes: [byte]) }
                body.finish()
                return .events(body)
            }
            let session = try await server.opener().open()
            _ = try? await session.request(.call(), handler: StubHandler())  // the first id is 1, and what answers 2 is dropped
            let result = Task { try await session.request(.call(), handler: StubHandler()) }
            if length == bytes.count {
                #expect(try await result.value.root["a"]?.string == "é")
            } else {
                await #expect(throws: HubError.self) { try await result.value }
            }
        }
    }

    @Test("an error of the server is passed on with its code, its text cut and large data left out")
    func errors() async throws {
        let answers = NIOLockedValueBox<[CallResponse]>([
            .error("1", -32602, "Unknown tool", data: #"{"a":1}"#, status: 400),
            .error("null", -32020, "Header mismatch", status: 400),
            .error("1", -32601, "No such method", status: 404),
            .error("1", -32603, String(repeating: "é", count: 1000), data: #""\#(String(repeating: "x", count: 20_000))""#),
        ])
        let server = server { request in
            let answer = answers.withLockedValue { $0.removeFirst() }
            guard case .complete(let body) = answer.body else { return answer }
            var response = answer
            response.body = .complete(ByteBuffer(string: String(buffer: body).replacing(#""id":1,"#, with: #""id":\#(request.id),"#)))
            return response
        }
        let session = try await server.opener().open()
        func failure() async -> JSONRPCError? {
            await #expect(throws: JSONRPCError.self) { try await session.request(.call(), handler: StubHandler()) }
        }
        let first = await failure()
        #expect(first?.code == .invalidParams)
        #expect(first?.data.map { String(buffer: $0) } == #"{"a":1}"#)
        #expect(first?.id == nil)
        #expect(await failure()?.code == .headerMismatch)
        #expect(await failure()?.code == .methodNotFound)
        let last = await failure()
        #expect(last?.message.utf8.count == 1024)
        #expect(last?.data == nil)
        #expect(!session.isEnded)
    }

    @Test(
        "an answer that is no MCP is an error and no more",
        arguments: [
            "", "{", "7", "[]", #"{"jsonrpc":"2.0","id":ID}"#, #"{"jsonrpc":"2.0","id":ID,"result":7}"#,
            #"{"jsonrpc":"1.0","id":ID,"result":{}}"#,
            #"{"jsonrpc":"2.0","id":"ID","result":{}}"#, #"{"jsonrpc":"2.0","id":99,"result":{}}"#, #"{"jsonrpc":"2.0","id":ID,"error":7}"#,
            #"{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":""}}"#,
        ])
    func malformed(text: String) async throws {
        for isStream in [false, true] {
            let server = server { request in
                let text = text.replacing("ID", with: "\(request.id)")
                return isStream ? .events(text) : .json(text)
            }
            let session = try await server.opener().open()
            let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
            #expect(error?.code == .upstreamFailed)
        }
    }

    @Test("who goes away closes the stream, which is how this era cancels")
    func cancels() async throws {
        let body = StubBody(": open\n\n")
        let server = server { _ in .events(body) }
        let session = try await server.opener().open()
        let call = Task { try await session.request(.call(), handler: StubHandler()) }
        #expect(await server.arrival(of: "POST tools/call") != nil)
        call.cancel()
        try await body.waitForEnd()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(server.lines == ["POST server/discover", "POST tools/call"])
    }

    @Test("changes are listened for as long as somebody wants to know; a stream that was away counts as a change of all it told of")
    func listens() async throws {
        let bodies = NIOLockedValueBox<[StubBody]>([])
        let server = server(capabilities: #"{"tools":{"listChanged":true},"prompts":{"listChanged":false}}"#) { request in
            let body = StubBody()
            body.event(
                #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":\#(request.id)}}}"#
            )
            bodies.withLockedValue { $0.append(body) }
            return .events(body)
        }
        let timers = TimerTable()
        let observer = StubObserver()
        let session = try await server.opener(timers).open(observer: observer)
        let listen = try #require(await server.arrival(of: "POST subscriptions/listen"))
        #expect(listen.body?[path: "params", "notifications"].map { String(buffer: $0.rawBytes) } == #"{"toolsListChanged":true}"#)
        while bodies.withLockedValue({ $0.isEmpty }) { await Task.yield() }
        let first = try #require(bodies.withLockedValue { $0.first })
        first.event(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        #expect(await observer.next() == "changed tools")
        first.finish()
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(2))
        #expect(await observer.next() == "changed tools")
        session.close()
        #expect(await observer.next() == "ended ")
        try await bodies.withLockedValue { $0[1] }.waitForEnd()
    }

    @Test("the resources that are watched have a stream of their own, which changes with them")
    func watches() async throws {
        let bodies = NIOLockedValueBox<[StubBody]>([])
        let server = server(capabilities: #"{"resources":{"subscribe":true}}"#) { request in
            let body = StubBody()
            body.event(#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}"#)
            bodies.withLockedValue { $0.append(body) }
            return .events(body)
        }
        let observer = StubObserver()
        let session = try await server.opener().open(observer: observer)
        await session.watch(["a://1"])
        let first = try #require(await server.arrival(of: "POST subscriptions/listen"))
        #expect(first.body?[path: "params", "notifications"].map { String(buffer: $0.rawBytes) } == #"{"resourceSubscriptions":["a://1"]}"#)
        while bodies.withLockedValue({ $0.count < 1 }) { await Task.yield() }
        bodies.withLockedValue { $0[0] }.event(#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a://1"}}"#)
        #expect(await observer.next() == "updated a://1")
        await session.watch(["b://2", "a://1"])
        let second = try #require(await server.arrival(of: "POST subscriptions/listen"))
        #expect(second.body?[path: "params", "notifications", "resourceSubscriptions"]?.elements.map(\.string) == ["a://1", "b://2"])
        try await bodies.withLockedValue { $0[0] }.waitForEnd()
        await session.watch([])
        try await bodies.withLockedValue { $0[1] }.waitForEnd()
        session.close()
    }

    private static let refusals: [CallResponse] = [
        .plain(400), .plain(404), .plain(406),
        .error("1", -32602, "Resource not found: session://1", status: 400),
        CallResponse(status: 302, fields: [.location: "http://example.test/blocked"], body: .complete(ByteBuffer())),
    ]

    @Test("a refusal that a caller's own words may have brought about is of that call alone", arguments: 0..<refusals.count)
    func refusedCall(index: Int) async throws {
        let server = server { $0.rpcMethod == "tools/call" ? Self.refusals[index] : .result($0.id, "{}") }
        let opener = server.opener()
        let session = try await opener.open()
        let error = await #expect(throws: (any Error).self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(!((error as? HubError)?.cause is SessionLoss))
        #expect(!session.isEnded)
        #expect(server.lines == ["POST server/discover", "POST tools/call", "POST server/discover"])
        _ = try await session.request(SessionRequest(method: "prompts/list", deadline: .distantFuture), handler: StubHandler())
    }

    @Test("a caller who leaves while the hub looks whether a server is still what it was costs nobody else the session")
    func leavesMeanwhile() async throws {
        let asked = NIOLockedValueBox(0)
        let never = StubBody()
        let server = StubServer { request in
            guard request.rpcMethod == "server/discover" else { return .plain(400) }
            let count = asked.withLockedValue { asked in
                asked += 1
                return asked
            }
            return count == 1 ? .discovered(request.id) : .events(never)
        }
        let session = try await server.opener().open()
        let call = Task { try await session.request(.call(), handler: StubHandler()) }
        while asked.withLockedValue({ $0 }) < 2 { await Task.yield() }
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(!session.isEnded)
    }
}
