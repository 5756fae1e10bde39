import HubCore
import Logging
import NIOCore
import Testing

@testable import MCPHub

@Suite("MCP over stdio", .timeLimit(.minutes(1)))
struct StdioTransportTests {
    /// A channel whose other end is the test.
    private final class Channel: Sendable {
        let hub: StubHub
        private let lines: AsyncThrowingStream<ByteBuffer, any Error>
        private let input: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
        private let written: AsyncStream<String>
        private let output: AsyncStream<String>.Continuation

        init(_ hub: StubHub = StubHub()) {
            self.hub = hub
            (lines, input) = AsyncThrowingStream.makeStream()
            (written, output) = AsyncStream.makeStream()
        }

        func serve() async throws {
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await StdioTransport(logger: logger) { [hub] in hub.server }.serve(lines) { [output] in output.yield(String(buffer: $0)) }
        }

        func send(_ line: String) { input.yield(ByteBuffer(string: line)) }
        func end() { input.finish() }

        func receive() async -> String? {
            for await line in written { return line }
            return nil
        }

        func announce() {
            let renamed = StubHub.server(description: "Reads otherwise.", runtime: hub.runtime)
            let snapshots = [hub.server, renamed].map {
                HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): $0], hosts: HostRule(names: [], allowsLoopback: true))
            }
            hub.runtime.announceChanges(from: snapshots[0], to: snapshots[1])
        }

        /// Whether a change is told before the reply to a request that comes after it.
        func tellsOfChange(before id: Int) async -> Bool {
            announce()
            send(#"{"jsonrpc":"2.0","id":\#(id),"method":"server/discover","params":{\#(StubHub.meta)}}"#)
            var isTold = false
            while let line = await receive(), !line.contains(#""id":\#(id),"#) {
                isTold = isTold || line.contains(#""io.modelcontextprotocol/subscriptionId":"L""#)
            }
            return isTold
        }
    }

    // requirement: MCP-2026-SUB-03, MCP-2026-SUB-05, MCP-2026-SUB-08
    @Test("a subscription is told of changes until its client cancels it")
    func cancelledSubscription() async throws {
        let channel = Channel()
        async let serving: Void = channel.serve()
        channel.send(
            #"{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},\#(StubHub.meta)}}"#
        )
        #expect(await channel.receive()?.contains("notifications/subscriptions/acknowledged") == true)

        // The place in the list is taken just after the acknowledgement, and given up just after the cancellation.
        var attempts = Array(1...20)[...]
        while let id = attempts.popFirst(), await !channel.tellsOfChange(before: id) {}
        #expect(!attempts.isEmpty)
        channel.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"L"}}"#)
        attempts = Array(21...40)[...]
        while let id = attempts.popFirst(), await channel.tellsOfChange(before: id) {}
        #expect(!attempts.isEmpty)
        channel.end()
        try await serving
    }

    @Test("both eras are asked over the one channel: by a request, or by a result")
    func asks() async throws {
        let origin = StubOrigin { _, context in
            let answer = try await context.client?.ask(ClientRequest(method: "roots/list", params: ByteBuffer(string: "{}")))
            return #"{"content":[],"structuredContent":\#(answer.map { String(buffer: $0.rawBytes) } ?? "null")}"#
        }
        let channel = Channel(StubHub.offering { $0.tools = ToolSet([origin.tool("t")]) })
        async let serving: Void = channel.serve()
        channel.send(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}}}}"#)
        #expect(await channel.receive()?.contains(#""protocolVersion":"2025-11-25""#) == true)
        channel.send(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#)
        let question = try JSONDocument(parsing: try #require(await channel.receive()), limits: .message).root
        #expect(question["method"]?.string == "roots/list")
        let id = try #require(question["id"]?.string)
        channel.send(#"{"jsonrpc":"2.0","id":"\#(id)","result":{"roots":[]}}"#)
        #expect(await channel.receive()?.contains(#""id":1,"result":{"structuredContent":{"roots":[]}"#) == true)

        let meta = StubHub.meta(capabilities: #"{"roots":{}}"#)
        channel.send(#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t",\#(meta)}}"#)
        let asked = try JSONDocument(parsing: try #require(await channel.receive()), limits: .message).root["result"]
        #expect(asked?[path: "inputRequests", "q1", "method"]?.string == "roots/list")
        let state = try #require(asked?["requestState"]?.string)
        channel.send(
            #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"t","inputResponses":{"q1":{"roots":[1]}},"requestState":"\#(state)",\#(meta)}}"#
        )
        #expect(await channel.receive()?.contains(#""structuredContent":{"roots":[1]}"#) == true)
        channel.end()
        try await serving
    }
}
