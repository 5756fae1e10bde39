import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Streams that are resumed", .timeLimit(.minutes(1)))
struct ResumptionTests {
    /// A tool that tells of progress as often as the test says, and answers when the test has nothing more to say.
    private struct Steps {
        let told: AsyncStream<String>.Continuation
        let ended: AsyncStream<Bool>
        let hub: StubHub

        init() {
            let (steps, told) = AsyncStream<String>.makeStream()
            let (ended, ending) = AsyncStream<Bool>.makeStream()
            self.told = told
            self.ended = ended
            let origin = StubOrigin { _, context in
                for await step in steps {
                    context.client?.notify(.progress(members: ByteBuffer(string: #"{"progress":\#(step)}"#)))
                }
                ending.yield(Task.isCancelled)
                return #"{"content":[],"structuredContent":{"done":true}}"#
            }
            hub = StubHub.offering { $0.tools = ToolSet([origin.tool("t")]) }
        }

        /// Whether the call was cancelled; waits for its end.
        func isCancelled() async -> Bool? {
            for await isCancelled in ended { return isCancelled }
            return nil
        }
    }

    private static func call(_ id: Int = 1) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}}"#
    }

    private static func begin(_ hub: StubHub, session: String, id: Int = 1, writer: StubResponseWriter) -> Task<Void, any Error> {
        Task { _ = try await hub.inSession(session, call(id), writer: writer) }
    }

    /// The last id in a chunk.
    private static func id(_ chunk: String?) throws -> String {
        let lines = try #require(chunk).split(separator: "\n").filter { $0.hasPrefix("id: ") }
        return String(try #require(lines.last).dropFirst(4))
    }

    private static func get(_ hub: StubHub, session: String, after id: String) -> InboundRequest {
        hub.request(.get, fields: [.mcpSessionID: session, .lastEventID: id])
    }

    // requirement: MCP-HS-RESUME-01, MCP-HS-RESUME-02, MCP-HS-RESUME-03
    @Test("a client that lost its stream comes back for what it missed, hears the rest as it comes, and gets the reply once")
    func resumes() async throws {
        let steps = Steps()
        let session = try await steps.hub.initialize()
        let writer = StubResponseWriter()
        let calling = Self.begin(steps.hub, session: session, writer: writer)
        steps.told.yield("1")
        var chunks = writer.chunks.makeAsyncIterator()
        let first = await chunks.next()
        #expect(first?.contains("-0\nretry: 1000\ndata:\n\n") == true)
        let last = try Self.id(first)
        calling.cancel()
        steps.told.yield("2")
        let resumed = StubResponseWriter()
        async let reading = steps.hub.send(Self.get(steps.hub, session: session, after: last), writer: resumed)
        var more = resumed.chunks.makeAsyncIterator()
        #expect(await more.next() == ": keep-alive\n\n")
        #expect(await more.next()?.contains(#""progress":2"#) == true)
        steps.told.yield("3")
        #expect(await more.next()?.contains(#""progress":3"#) == true)
        steps.told.finish()
        #expect(await steps.isCancelled() == false)
        let text = try await reading.text
        #expect(text.components(of: #""done":true"#) == 1)
        #expect(!text.contains(#""progress":1"#))
        #expect(resumed.recorded.isEnded)
        _ = await calling.result
        #expect(!writer.text.contains("done"))
        #expect(steps.hub.runtime.eventLogs.usage.left == 0)

        // The reply can be had again for a while: it may have been lost on its way.
        let again = try await steps.hub.send(Self.get(steps.hub, session: session, after: last))
        #expect(again.text.contains(#""done":true"#))
        steps.hub.timers.fire(now: .now + .seconds(31))
        #expect(steps.hub.runtime.eventLogs.usage.bytes == 0)
        #expect(try await steps.hub.send(Self.get(steps.hub, session: session, after: last)).status == 400)
        #expect(steps.hub.timers.count == 0)
    }

    @Test("a call whose client does not come back, or takes it back, ends", arguments: [true, false])
    func givesUp(late: Bool) async throws {
        let steps = Steps()
        let session = try await steps.hub.initialize("2025-06-18")
        let writer = StubResponseWriter()
        let calling = Self.begin(steps.hub, session: session, writer: writer)
        steps.told.yield("1")
        var chunks = writer.chunks.makeAsyncIterator()
        let first = await chunks.next()
        #expect(first?.contains("retry") == false)
        calling.cancel()
        #expect(steps.hub.runtime.eventLogs.usage.left == 1)
        if late {
            steps.hub.timers.fire(now: .now + .seconds(31))
        } else {
            let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
            #expect(try await steps.hub.inSession(session, cancel).status == 202)
        }
        #expect(await steps.isCancelled() == true)
        _ = await calling.result
        #expect(steps.hub.runtime.eventLogs.usage.left == 0)
    }

    @Test("a call without its client ends when more is said than is kept")
    func full() async throws {
        let steps = Steps()
        let session = try await steps.hub.initialize()
        let writer = StubResponseWriter()
        let calling = Self.begin(steps.hub, session: session, writer: writer)
        steps.told.yield("1")
        var chunks = writer.chunks.makeAsyncIterator()
        let last = try Self.id(await chunks.next())
        calling.cancel()
        let text = String(repeating: "x", count: 60_000)
        for step in 2...6 { steps.told.yield(#"\#(step),"message":"\#(text)""#) }
        #expect(await steps.isCancelled() == true)
        _ = await calling.result
        #expect(steps.hub.runtime.eventLogs.usage == (0, 0))
        #expect(try await steps.hub.send(Self.get(steps.hub, session: session, after: last)).status == 400)
    }

    @Test("of one session sixteen calls go on without their client; the next one is cancelled")
    func crowd() async throws {
        let steps = Steps()
        let session = try await steps.hub.initialize()
        let token = try #require(steps.hub.runtime.session(session, entry: "stub", of: .anonymous))
        let logs = steps.hub.runtime.eventLogs
        for number in 0...EventLogs.maximumLeftPerSession {
            let log = EventLog.of(.reply, session: token, logs: logs)
            let reader = log.attach()
            #expect(log.leave(reader) == (number < EventLogs.maximumLeftPerSession))
        }
        #expect(logs.usage.left == EventLogs.maximumLeftPerSession)
        steps.hub.runtime.end(token)
        #expect(logs.usage == (0, 0))
        #expect(steps.hub.timers.count == 0)
        steps.told.finish()
    }

    @Test("a call whose request is too large to be kept ends when its client leaves")
    func large() async throws {
        let hub = StubHub()
        let session = try await hub.initialize()
        let token = try #require(hub.runtime.session(session, entry: "stub", of: .anonymous))
        for (size, isKept) in [(200 << 10, true), (200 << 10, false), (EventLogs.maximumBytesPerSession, false)] {
            let log = EventLog.of(.reply, session: token, requestBytes: size, logs: hub.runtime.eventLogs)
            #expect(log.leave(log.attach()) == isKept)
        }
        hub.runtime.end(token)
        #expect(hub.runtime.eventLogs.usage == (0, 0))
    }

    // requirement: MCP-HS-RESUME-01
    @Test("only the session whose stream it is may resume it; what is no id of a reply opens an ordinary stream")
    func strangers() async throws {
        let steps = Steps()
        let (session, other) = (try await steps.hub.initialize(), try await steps.hub.initialize())
        let writer = StubResponseWriter()
        let calling = Self.begin(steps.hub, session: session, writer: writer)
        steps.told.yield("1")
        var chunks = writer.chunks.makeAsyncIterator()
        let last = try Self.id(await chunks.next())
        #expect(try await steps.hub.send(Self.get(steps.hub, session: other, after: last)).status == 400)
        #expect(try await steps.hub.send(Self.get(steps.hub, session: session, after: "r1-0")).status == 400)
        steps.told.finish()
        _ = try await calling.value
        for id in ["s1-0", "nonsense", ""] {
            let stream = StubResponseWriter()
            let listening = Task { try await steps.hub.send(Self.get(steps.hub, session: other, after: id), writer: stream) }
            var chunks = stream.chunks.makeAsyncIterator()
            #expect(await chunks.next() == ": keep-alive\n\n")
            listening.cancel()
            _ = await listening.result
        }
    }

    @Test("a client that comes back to its session's stream hears of what has changed meanwhile")
    func changes() async throws {
        let hub = StubHub()
        let session = try await hub.initialize()
        let id = try #require(hub.runtime.session(session, entry: "stub", of: .anonymous)?.id)
        let writer = StubResponseWriter()
        let listening = Task { try await hub.send(hub.request(.get, fields: [.mcpSessionID: session]), writer: writer) }
        var chunks = writer.chunks.makeAsyncIterator()
        _ = await chunks.next()
        hub.runtime.broadcaster.tell(session: id, of: .list(.tools))
        let last = try Self.id(await chunks.next())
        listening.cancel()
        _ = await listening.result
        hub.runtime.broadcaster.tell(session: id, of: .list(.prompts))
        let resumed = StubResponseWriter()
        let again = Task { try await hub.send(Self.get(hub, session: session, after: last), writer: resumed) }
        var more = resumed.chunks.makeAsyncIterator()
        _ = await more.next()
        #expect(await more.next()?.contains("prompts/list_changed") == true)
        again.cancel()
        _ = await again.result
        hub.timers.fire(now: .now + .seconds(31))
        #expect(!hub.runtime.broadcaster.hasStream(session: id))
    }

    @Test(
        "an id names a stream and a place in it, and nothing else is one",
        arguments: ["r1-0", "sffffffffffffffff-12", "", "r", "r-", "r1-", "r-1", "x1-1", "r1--1", "r1-1-1", "r1ffffffffffffffff-1"])
    func ids(text: String) {
        let isGood = text == "r1-0" || text.hasPrefix("sf")
        #expect((EventID(text)?.text == text) == isGood)
        if !isGood { #expect(EventID(text) == nil) }
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
