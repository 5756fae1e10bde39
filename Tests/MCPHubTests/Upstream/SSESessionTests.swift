import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Sessions of 2024-11-05 over HTTP+SSE", .timeLimit(.minutes(1)))
struct SSESessionTests {
    /// A server that takes messages at `/messages` alone and answers them on the stream of a GET.
    private func server(
        _ stream: StubBody, refusal: Int = 405, _ respond: @escaping @Sendable (StubServer.Request) -> String? = { _ in nil }
    ) -> StubServer {
        StubServer(address: "http://example.test/sse") { request in
            if request.method == .get { return .events(stream) }
            guard request.path == "/messages/?id=7" else { return .plain(refusal) }
            if request.rpcMethod == "initialize" {
                stream.event(
                    #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"protocolVersion":"2024-11-05","#
                        + #""capabilities":{"resources":{"subscribe":true}}}}"#)
            } else if let answer = respond(request) {
                stream.event(answer)
            }
            return .accepted
        }
    }

    @Test("a server that takes no message at its address is asked for a stream, which names the place", arguments: [400, 404, 405])
    func opens(refusal: Int) async throws {
        let stream = StubBody("event: endpoint\ndata: /messages/?id=7\n\n")
        let server = server(stream, refusal: refusal) { #"{"jsonrpc":"2.0","id":\#($0.id),"result":{"m":"\#($0.rpcMethod)"}}"# }
        let observer = StubObserver()
        let session = try await server.opener().open(observer: observer)
        #expect(session.greeting.revision == .v2024_11_05)
        #expect(!session.tellsRequestsApart)
        #expect(
            server.lines == ["POST server/discover", "POST initialize", "GET", "POST initialize", "POST notifications/initialized"])
        let result = try await session.request(.call(), handler: StubHandler())
        #expect(result.root["m"]?.string == "tools/call")
        #expect(server.requests.last?.fields[.mcpProtocolVersion] == nil)
        stream.event(#"{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}"#)
        #expect(await observer.next() == "changed resources")
        await session.watch(["a://1"])
        #expect(server.lines.last == "POST resources/subscribe")
        stream.finish()
        #expect(await observer.next()?.hasPrefix("ended The server") == true)
        #expect(session.isEnded)
    }

    @Test("a question goes to the one call under way, its answer to the place")
    func asks() async throws {
        let stream = StubBody("event: endpoint\ndata: /messages/?id=7\n\n")
        let server = server(stream)
        let session = try await server.opener().open([.sampling])
        let call = Task {
            try await session.request(.call { $0.capabilities = [.sampling] }, handler: StubHandler { _ in #"{"role":"assistant"}"# })
        }
        let sent = try #require(await server.arrival(of: "POST tools/call"))
        stream.event(#"{"jsonrpc":"2.0","id":0,"method":"sampling/createMessage","params":{}}"#)
        let answer = await server.arrival(of: "POST answer")
        #expect(answer?.path == "/messages/?id=7")
        #expect(answer?.body?[path: "result", "role"]?.string == "assistant")
        stream.event(#"{"jsonrpc":"2.0","id":\#(sent.id),"result":{}}"#)
        _ = try await call.value
        session.close()
        try await stream.waitForEnd()
    }

    @Test(
        "a place at another address is refused",
        arguments: ["http://other.test/messages", "//other.test/messages", "https://example.test/m"])
    func foreign(place: String) async throws {
        let stream = StubBody("event: endpoint\ndata: \(place)\n\n")
        let server = server(stream)
        let error = await #expect(throws: HubError.self) { try await server.opener().open() }
        #expect(error?.message == "The server names an endpoint at another address")
        #expect(server.lines == ["POST server/discover", "POST initialize", "GET"])
        try await stream.waitForEnd()
    }

    @Test("a stream that names no place in time is given up")
    func silent() async throws {
        let stream = StubBody(": nothing\n\n")
        let server = server(stream)
        let timers = TimerTable()
        let opening = Task {
            try await server.opener(timers).open(
                capabilities: [], observer: nil, principal: .anonymous, deadline: .now() + .milliseconds(1))
        }
        _ = await server.arrival(of: "GET")
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(1))
        await #expect(throws: (any Error).self) { try await opening.value }
        try await stream.waitForEnd()
    }

    @Test("a message that the place does not know any more ends the session")
    func loses() async throws {
        let stream = StubBody("event: endpoint\ndata: /messages/?id=7\n\n")
        let isGone = NIOLockedValueBox(false)
        let inner = server(stream)
        let server = StubServer(address: "http://example.test/sse") { request in
            if isGone.withLockedValue({ $0 }) { return .plain(404) }
            var sent = OutboundRequest(method: request.method, path: request.path, body: request.body?.rawBytes)
            sent.isPathWhole = true
            return try await inner.send(sent, principal: .anonymous, logger: .silent, deadline: .distantFuture)
        }
        let session = try await server.opener().open()
        isGone.withLockedValue { $0 = true }
        let error = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(error?.cause is SessionLoss)
        while !session.isEnded { await Task.yield() }
    }
}
