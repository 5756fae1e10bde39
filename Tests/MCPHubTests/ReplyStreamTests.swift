import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Slow calls", .timeLimit(.minutes(1)))
struct ReplyStreamTests {
    /// A tool that answers when the test says so.
    private struct Gate {
        let started: AsyncStream<Void>
        let open: AsyncStream<Void>.Continuation
        let tool: Tool

        init() {
            let (started, startedContinuation) = AsyncStream<Void>.makeStream()
            let (opened, open) = AsyncStream<Void>.makeStream()
            self.started = started
            self.open = open
            tool = Tool(
                definition: StubHub.definition("slow", "Waits."),
                target: StubTarget { _ in
                    startedContinuation.yield()
                    for await _ in opened { break }
                    try Task.checkCancellation()
                    return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: "{}"))
                })
        }
    }

    private func call(_ hub: StubHub, token: String?, accept: String? = nil, writer: StubResponseWriter) -> Task<Void, any Error> {
        let meta = token.map { StubHub.meta.replacing(#""_meta":{"#, with: #""_meta":{"progressToken":\#($0),"#) } ?? StubHub.meta
        var fields: HTTPFields = [.mcpProtocolVersion: "2026-07-28", .mcpMethod: "tools/call", .mcpName: "slow"]
        if let accept { fields[.accept] = accept }
        let request = hub.request(
            .post, #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow",\#(meta)}}"#, fields: fields)
        return Task { try await hub.server.respond(to: request, subpath: "", writer: writer) }
    }

    // requirement: MCP-2026-HTTP-09, MCP-2026-HTTP-10, MCP-PROG-01, MCP-PROG-02, MCP-PROG-03
    @Test("a client that asked is told that the call goes on, in growing numbers, and then gets the reply on the same stream")
    func progress() async throws {
        let gate = Gate()
        let hub = StubHub(extra: [gate.tool])
        let writer = StubResponseWriter()
        let calling = call(hub, token: #""t""#, writer: writer)
        for await _ in gate.started { break }
        var chunks = writer.chunks.makeAsyncIterator()
        // A second that passes while an event is still being written is left out, so one is made to pass until three are told of.
        let passing = Task { [timers = hub.timers] in
            while !Task.isCancelled {
                timers.fire(now: .now + .seconds(2))
                await Task.yield()
            }
        }
        defer { passing.cancel() }
        for second in 1...3 {
            let event = try #require(await chunks.next())
            #expect(event.contains("notifications/progress"))
            #expect(event.contains(#""progressToken":"t","progress":\#(second)"#))
        }
        passing.cancel()
        await passing.value
        gate.open.yield()
        try await calling.value
        #expect(writer.text.contains(#""structuredContent":{}"#))
        #expect(writer.recorded.isEnded)
        #expect(writer.recorded.head?.headerFields[.contentType] == "text/event-stream")
        #expect(hub.timers.count == 0)
    }

    // requirement: MCP-2026-HTTP-01, MCP-2026-HTTP-12, MCP-PROG-01
    @Test("a client that did not ask gets comments, and a quick reply is plain JSON")
    func keepAlive() async throws {
        let gate = Gate()
        let hub = StubHub(extra: [gate.tool])
        let writer = StubResponseWriter()
        let calling = call(hub, token: nil, writer: writer)
        for await _ in gate.started { break }
        hub.timers.fire(now: .now + .seconds(2))
        hub.timers.fire(now: .now + .seconds(20))
        var chunks = writer.chunks.makeAsyncIterator()
        #expect(await chunks.next() == ": keep-alive\n\n")
        gate.open.yield()
        try await calling.value

        let quick = try await hub.modern("tools/call", params: #""name":"echo""#, name: "echo")
        #expect(quick.recorded.head?.headerFields[.contentType] == "application/json")
        #expect(hub.timers.count == 0)
    }

    // requirement: MCP-2026-HTTP-13
    @Test("a client that leaves takes its call and its timers with it")
    func leaves() async throws {
        let gate = Gate()
        let hub = StubHub(extra: [gate.tool])
        let writer = StubResponseWriter()
        let calling = call(hub, token: "1", writer: writer)
        for await _ in gate.started { break }
        calling.cancel()
        _ = await calling.result
        #expect(hub.timers.count == 0)
    }
}
