import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("How servers elsewhere are", .timeLimit(.minutes(2)))
struct UpstreamHealthTests {
    private func health(_ world: UpstreamWorld, _ server: UpstreamServer) -> UpstreamHealth? {
        world.servers.health(of: server.settings)
    }

    @Test("a server is connecting, up, away with what it listed, and up again, which is a restart")
    func states() async throws {
        let world = UpstreamWorld()
        let server = world.server()
        #expect(health(world, server)?.state == .connecting)
        #expect(health(world, server)?.listAge == nil)
        try await world.reached { server in
            #expect(health(world, server)?.state == .up)
            world.clock.advance(by: .seconds(7))
            #expect(health(world, server)?.listAge == .seconds(7))
            world.opener.sessions.first?.breakOff()
            world.opener.openings.first?.observer?.ended(nil)
            let away = try #require(health(world, server))
            #expect(away.state == .stale && away.restarts == 0 && away.sessions == 0 && away.failures[.sessionLost] == 1)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.state.problem == nil }
            let again = try #require(health(world, server))
            #expect(again.state == .up && again.restarts == 1 && again.sessionsBegun == 2 && again.sessions == 1)
            #expect(again.listAge == .zero)
        }
    }

    @Test("a server that was never there is away, and each attempt is counted")
    func unreachable() async throws {
        let world = UpstreamWorld(opener: ScriptedOpener { _ in throw HubError(.upstreamFailed, "no") })
        let server = world.server()
        try await world.running {
            await world.servers.wait(for: [server], limit: .seconds(30))
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.standing.withLockedValue { $0.attempts } >= 2 }
            let away = try #require(health(world, server))
            #expect(away.state == .away && away.failures[.unreachable] == 2 && away.restarts == 0)
        }
    }

    @Test("lists that cannot be read again are counted")
    func lists() async throws {
        let isBroken = NIOLockedValueBox(false)
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(.v2025_11_25)) { request, _ in
                    if isBroken.withLockedValue({ $0 }) { throw JSONRPCError(.internalError, "no") }
                    return try UpstreamWorld.listing(request) ?? json("{}")
                }
            })
        try await world.reached { server in
            isBroken.withLockedValue { $0 = true }
            world.clock.advance(by: .seconds(60))
            world.opener.openings.first?.observer?.changed(.tools)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.state.problem != nil }
            #expect(health(world, server)?.failures[.listFailed] == 1)
        }
    }

    /// What a call ends with, and as what it is counted.
    private static let ends: [(error: any Error & Sendable, kind: ServerFailure?)] = [
        (HubError(.upstreamFailed, "gone"), .callFailed), (HubError(.upstreamTimeout, "late"), .callTimeout),
        (HubError.noMCP(), .badAnswer), (HubError(.overloaded, "full"), .overload),
        (JSONRPCError(.internalError, "no"), nil), (CancellationError(), nil),
        (HubError(.upstreamFailed, "The client did not answer", cause: ClientFault()), nil),
    ]

    @Test("a call that fails is counted by how it did; what the server refuses, or the client, is no failure", arguments: ends.indices)
    func calls(_ index: Int) async throws {
        let end = Self.ends[index]
        let world = UpstreamWorld { _, _ in throw end.error }
        try await world.reached { server in
            await #expect(throws: (any Error).self) { try await server.answer(.echo(), context: .of()) }
            let counted = try #require(health(world, server)).failures.filter { $0.value > 0 }
            #expect(counted == (end.kind.map { [$0: 1] } ?? [:]))
            #expect(health(world, server)?.callsInFlight == 0)
        }
    }

    @Test("a result that makes no sense is a bad answer")
    func senseless() async throws {
        let world = UpstreamWorld { _, _ in try json(#"{"resultType":"no such type"}"#) }
        try await world.reached { server in
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            #expect(health(world, server)?.failures[.badAnswer] == 1)
        }
    }

    @Test("calls are in flight until they end, and those that wait for a session are counted beside")
    func inFlight() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_06_18) { _, _ in
            try await gate.pass()
            return try json(#"{"content":[]}"#)
        }
        try await world.reached { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { _ = try await server.answer(.echo(), context: .of(consumer: "a")) } }
                await world.clock.eventually { gate.arrived == 3 }
                let during = try #require(health(world, server))
                #expect(during.callsInFlight == 3 && during.callsWaiting == 0 && during.sessions == 2)
                gate.open()
                try await group.waitForAll()
            }
            #expect(health(world, server)?.callsInFlight == 0)
        }
    }

    @Test("a session for callers that cannot be begun is counted, and so is the call")
    func sessions() async throws {
        let world = UpstreamWorld(.v2025_06_18)
        try await world.reached { server in
            world.opener.script { _ in throw HubError(.upstreamFailed, "no") }
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            let failures = try #require(health(world, server)).failures.filter { $0.value > 0 }
            #expect(failures == [.sessionRefused: 1, .callFailed: 1])
        }
    }

    @Test("what was counted stays when a server gets other settings, and goes with the last server of its name")
    func settings() async throws {
        let world = UpstreamWorld { _, _ in throw HubError(.upstreamFailed, "gone") }
        try await world.reached { server in
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            let next = world.server { $0.refresh = .seconds(60) }
            #expect(next !== server)
            #expect(health(world, next)?.failures[.callFailed] == 1)
            await world.servers.wait(for: [next], limit: .seconds(30))
            #expect(health(world, next)?.sessions == 2)
            world.servers.retain([next.settings])
            #expect(health(world, next)?.sessions == 1)
            #expect(world.servers.health(of: server.settings) == nil)
            world.servers.retain([])
            let last = world.server()
            #expect(health(world, last)?.failures[.callFailed] == 0)
        }
    }

    @Test("the processes of a command are counted, those that an earlier setting left included")
    func processes() {
        struct Source: LineChannelSource {
            var runningProcesses: Int
            func open() async throws -> any LineChannel { throw HubError(.internal, "no process") }
        }
        let world = UpstreamWorld()
        var settings = UpstreamServerSettings(name: "a", identity: "1")
        _ = world.servers.server(for: settings) { .process(Source(runningProcesses: 2)) }
        settings.identity = "2"
        let server = world.servers.server(for: settings) { .process(Source(runningProcesses: 3)) }
        #expect(health(world, server)?.processes == 5)
    }
}
