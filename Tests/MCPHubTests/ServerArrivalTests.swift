import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Tools of servers that have not been listed yet", .timeLimit(.minutes(1)))
struct ServerArrivalTests {
    private static let origin = StubOrigin { _, _ in #"{"content":[{"type":"text","text":"here"}]}"# }

    /// A hub one of whose servers has not been listed.
    private static func hub() -> StubHub {
        StubHub.offering { offer in
            offer.away = ["late"]
            offer.isUnlisted = true
        }
    }

    private func snapshot(_ server: MCPServer) -> HubSnapshot {
        HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): server], hosts: HostRule(names: [], allowsLoopback: true))
    }

    private func arrive(_ tools: [String], isUnlisted: Bool = false, at hub: StubHub) {
        let server = StubHub.server(
            offering: { offer in
                offer.tools = ToolSet(tools.map { Self.origin.tool($0) })
                offer.isUnlisted = isUnlisted
            }, runtime: hub.runtime)
        hub.runtime.announceChanges(from: snapshot(hub.server), to: snapshot(server))
    }

    @Test("a call of one waits for it, over other servers that come")
    func waits() async throws {
        let hub = Self.hub()
        async let call = hub.modern("tools/call", params: #""name":"t""#, name: "t")
        while hub.timers.count == 0 { await Task.yield() }
        arrive(["other"], isUnlisted: true, at: hub)
        arrive(["other", "t"], isUnlisted: true, at: hub)
        #expect(try await call.text.contains(#""text":"here""#))
        #expect(hub.timers.count == 0)
    }

    @Test("one that came between is found at once")
    func missed() async throws {
        let hub = Self.hub()
        arrive(["t"], at: hub)
        #expect(try await hub.modern("tools/call", params: #""name":"t""#, name: "t").text.contains(#""text":"here""#))
    }

    @Test("a name that nobody has is unknown as soon as all are listed, or after five seconds")
    func unknown() async throws {
        let hub = Self.hub()
        async let early = hub.modern("tools/call", params: #""name":"t""#, name: "t")
        while hub.timers.count == 0 { await Task.yield() }
        arrive(["other"], at: hub)
        #expect(try await early.text.contains("Unknown tool: t"))
        let other = Self.hub()
        async let late = other.modern("tools/call", params: #""name":"t""#, name: "t")
        while other.timers.count == 0 { await Task.yield() }
        other.timers.fire(now: .now + .seconds(5))
        #expect(try await late.text.contains("Unknown tool: t"))
    }

    @Test("where every server has been listed nothing waits")
    func listed() async throws {
        let hub = StubHub.offering { $0.away = ["gone"] }
        #expect(try await hub.modern("tools/call", params: #""name":"t""#, name: "t").text.contains("Unknown tool: t"))
    }

    @Test("the hub's own seconds are kept back for ten where a server may tell of progress from 0 on")
    func patience() throws {
        let token = try JSONDocument(parsing: #""p""#, limits: .message).root
        let progress = CallProgress(token: token)
        #expect(progress.tick() != nil)
        let expecting = CallProgress(token: token)
        expecting.expectReports()
        #expect((1...10).allSatisfy { _ in expecting.tick() == nil })
        #expect(expecting.reported(ByteBuffer(string: #"{"progress":0}"#)) != nil)
        #expect(expecting.tick() == nil)
        let silent = CallProgress(token: token)
        silent.expectReports()
        let told = (1...12).compactMap { _ in silent.tick() }
        #expect(told.count == 2)
        #expect(silent.reported(ByteBuffer(string: #"{"progress":0}"#)) == nil)
        #expect(silent.reported(ByteBuffer(string: #"{"progress":0.01}"#)) != nil)
    }
}
