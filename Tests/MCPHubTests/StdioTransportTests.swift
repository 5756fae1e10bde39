import HubCore
import Logging
import NIOCore
import Testing

@testable import MCPHub

@Suite("MCP over stdio", .timeLimit(.minutes(1)))
struct StdioTransportTests {
    /// A channel whose other end is the test.
    private final class Channel: Sendable {
        let hub = StubHub()
        private let lines: AsyncThrowingStream<ByteBuffer, any Error>
        private let input: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
        private let written: AsyncStream<String>
        private let output: AsyncStream<String>.Continuation

        init() {
            (lines, input) = AsyncThrowingStream.makeStream()
            (written, output) = AsyncStream.makeStream()
        }

        func serve() async throws {
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await StdioTransport(server: hub.server, logger: logger).serve(lines) { [output] in output.yield(String(buffer: $0)) }
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
}
