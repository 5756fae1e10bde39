import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Whose session a call goes into", .timeLimit(.minutes(2)))
struct UpstreamCellTests {
    @Test("all calls of a modern server go the way that its lists came")
    func modern() async throws {
        let world = UpstreamWorld()
        try await world.reached { server in
            #expect(!server.asksByRequest)
            for session in 1...3 as ClosedRange<UInt128> {
                _ = try await server.answer(.echo(), context: .of(StubClient(.roots), session: session, consumer: "c\(session)"))
            }
            #expect(world.opener.openings.count == 1)
            let calls = try #require(world.opener.sessions.first).requests.filter { $0.method == "tools/call" }
            #expect(calls.map(\.principal.consumer) == ["c1", "c2", "c3"])
            #expect(calls.allSatisfy { $0.capabilities == .roots && $0.name == "echo" && $0.wantsProgress })
        }
    }

    @Test("a client with a session has one with the server; a client without shares one with its like")
    func cells() async throws {
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            #expect(server.asksByRequest)
            let form = StubClient([.elicitationForm, .tasks, .apps])
            for context in [
                CallContext.of(form, session: 1), .of(form, session: 2), .of(form, session: 1), .of(form, consumer: "a"),
                .of(form, consumer: "a"), .of(form, consumer: "b"), .of(StubClient(.roots), consumer: "a"), .of(consumer: "a"),
            ] {
                _ = try await server.answer(.echo(), context: context)
            }
            #expect(
                world.opener.openings.dropFirst().map(\.capabilities) == [
                    [.elicitationForm, .apps], [.elicitationForm, .apps], [.elicitationForm, .apps], [.elicitationForm, .apps], .roots, [],
                ])
            #expect(world.opener.callSessions.map(\.requests.count) == [2, 1, 2, 1, 1, 1])
            world.servers.endSession(1)
            #expect(world.opener.callSessions.map(\.closes) == [1, 0, 0, 0, 0, 0])
            #expect(server.pool.count == 5)
        }
    }

    @Test("a client that works in other folders is told of in its own sessions, and in no others")
    func roots() async throws {
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            let client = StubClient([.roots, .rootsChanges])
            for context in [CallContext.of(client, session: 1), .of(client, session: 2), .of(client, consumer: "a")] {
                _ = try await server.answer(.echo(), context: context)
            }
            #expect(
                world.opener.openings.map(\.capabilities) == [.apps, [.roots, .rootsChanges], [.roots, .rootsChanges], .roots])
            world.servers.rootsChanged(ofClient: 3)
            world.servers.rootsChanged(ofClient: 1)
            let told = try #require(world.opener.callSessions.first)
            for await method in told.notifications {
                #expect(method == "notifications/roots/list_changed")
                break
            }
            #expect(world.opener.callSessions.map(\.notified) == [1, 0, 0])
        }
    }

    @Test("a server that keeps nothing in its sessions needs none for callers that cannot be asked")
    func shared() async throws {
        let world = UpstreamWorld(.v2025_11_25, tellsRequestsApart: false)
        try await world.reached({ $0.isShared = true }) { server in
            _ = try await server.answer(.echo(), context: .of(StubClient(.apps), session: 1))
            _ = try await server.answer(.echo(), context: .of(consumer: "b"))
            #expect(world.opener.openings.count == 1)
            _ = try await server.answer(.echo(), context: .of(StubClient(.sampling), session: 1))
            #expect(world.opener.openings.count == 2)
        }
    }

    @Test("a session without calls ends after five minutes")
    func idle() async throws {
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            _ = try await server.answer(.echo(), context: .of())
            for _ in 0..<21 { world.clock.advance(by: .seconds(15)) }
            #expect(world.opener.callSessions.map(\.closes) == [1])
            #expect(world.opener.sessions.first?.closes == 0)
            _ = try await server.answer(.echo(), context: .of())
            #expect(world.opener.callSessions.count == 2)
        }
    }

    @Test("where the server does not say what it asks for, calls of one client go side by side, others each in a session")
    func serial() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_11_25, tellsRequestsApart: false) { _, _ in
            try await gate.pass()
            return try json("{}")
        }
        try await world.reached { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { _ = try await server.answer(.echo(), context: .of(StubClient(.roots), session: 9)) } }
                await world.clock.eventually { gate.arrived == 3 }
                for _ in 0..<2 { group.addTask { _ = try await server.answer(.echo(), context: .of(StubClient(.roots))) } }
                await world.clock.eventually { gate.arrived == 5 }
                gate.open()
                try await group.waitForAll()
            }
            #expect(world.opener.callSessions.map(\.requests.count) == [3, 1, 1])
            #expect(world.opener.callSessions.map { $0.requests[0].isOfOneClient } == [true, false, false])
        }
    }

    @Test("a session whose server does not know it any more is replaced, once")
    func lost() async throws {
        let losses = NIOLockedValueBox(1)
        let world = UpstreamWorld(
            opener: ScriptedOpener { opening in
                ScriptedSession(.of(.v2025_11_25)) { request, _ in
                    if let listing = try UpstreamWorld.listing(request) { return listing }
                    let isLost = losses.withLockedValue { losses in
                        losses -= 1
                        return losses >= 0
                    }
                    if isLost { throw HubError(.upstreamFailed, "unknown session", cause: SessionLoss.unknown) }
                    return try json(#"{"content":[]}"#)
                }
            })
        try await world.reached { server in
            _ = try await server.answer(.echo(), context: .of(session: 1))
            losses.withLockedValue { $0 = 2 }
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of(session: 1)) }
        }
    }

    @Test("a session that cannot be begun is the server's failure, told without an address")
    func openingFails() async throws {
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            world.opener.script { _ in
                throw HubError(.upstreamFailed, "The upstream cannot be reached", cause: JSONRPCError(.internalError, "10.0.0.5"))
            }
            let error = await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            #expect(error?.message == "The server stub is away: no session can be begun: The upstream cannot be reached")
            #expect(error?.code == .upstreamFailed)
        }
    }

    @Test("a session that does not come is waited for ten seconds; the next call finds it")
    func slowOpening() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            world.opener.script { _ in
                try await gate.pass()
                return ScriptedSession(.of(.v2025_11_25)) { _, _ in try json("{}") }
            }
            let call = Task { try await server.answer(.echo(), context: .of()) }
            await world.clock.eventually { gate.arrived == 1 }
            world.clock.advance(by: .seconds(10))
            await #expect(throws: HubError.self) { try await call.value }
            gate.open()
            _ = try await server.answer(.echo(), context: .of())
            #expect(world.opener.openings.count == 2)
        }
    }

    @Test("a call of a server that is away fails within a second, with words for callers")
    func away() async throws {
        let world = UpstreamWorld()
        try await world.reached { server in
            world.opener.script { _ in throw HubError(.upstreamFailed, "The upstream cannot be reached") }
            world.opener.openings.first?.observer?.ended(nil)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { world.opener.openings.count == 2 && server.standing.withLockedValue { $0.attempts } == 3 }
            let call = Task { try await server.answer(.echo(), context: .of()) }
            await world.clock.eventually { server.standing.withLockedValue { $0.waiting.count } == 1 }
            world.clock.advance(by: .seconds(1))
            let error = await #expect(throws: HubError.self) { try await call.value }
            #expect(error?.message == "The server stub is away: it cannot be reached: The upstream cannot be reached")
        }
    }

    @Test("a call that comes before the server has been reached waits for it")
    func early() async throws {
        let gate = Gate()
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                try await gate.pass()
                return ScriptedSession(.of(.v2026_07_28)) { request, _ in try UpstreamWorld.listing(request) ?? json(#"{"content":[]}"#) }
            })
        let server = world.server()
        try await world.running {
            async let call = server.answer(.echo(), context: .of())
            await world.clock.eventually { server.standing.withLockedValue { $0.waiting.count } == 1 }
            gate.open()
            let answer = try await call
            #expect(String(buffer: answer.bytes) == #"{"content":[]}"#)
        }
    }

    @Test("a call that is cancelled while it waits for a session ends at once, and the session is there for others")
    func cancelled() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_11_25)
        try await world.reached { server in
            world.opener.script { _ in
                try await gate.pass()
                return ScriptedSession(.of(.v2025_11_25)) { _, _ in try json("{}") }
            }
            let call = Task { try await server.answer(.echo(), context: .of()) }
            await world.clock.eventually { gate.arrived == 1 }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            gate.open()
            _ = try await server.answer(.echo(), context: .of())
            #expect(world.opener.openings.count == 2)
        }
    }

    @Test("the server's own session that ended takes no calls; those under way in it go on")
    func ownSessionGivenUp() async throws {
        let gate = Gate()
        let world = UpstreamWorld { _, _ in
            try await gate.pass()
            return try json("{}")
        }
        try await world.reached { server in
            async let call = server.answer(.echo(), context: .of())
            await world.clock.eventually { gate.arrived == 1 }
            world.opener.openings.first?.observer?.ended(nil)
            #expect(world.opener.sessions.first?.closes == 0)
            gate.open()
            _ = try await call
            #expect(world.opener.sessions.first?.closes == 1)
        }
    }

    @Test("who may not wait is told so at once, whether a session could be begun or is in use")
    func late() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_11_25, tellsRequestsApart: false) { _, _ in
            try await gate.pass()
            return try json("{}")
        }
        try await world.reached { server in
            let wish = SessionWish(cell: .client(1), capabilities: .roots, principal: .anonymous)
            let now = world.clock.now
            let error = await #expect(throws: HubError.self) { try await server.pool.lease(wish, until: now, openingUntil: now) }
            #expect(error?.code == .upstreamTimeout)
            #expect(world.opener.openings.count == 1)
            let early = await #expect(throws: HubError.self) {
                try await server.pool.lease(wish, until: now + .seconds(60), openingUntil: now)
            }
            #expect(early?.code == .upstreamFailed)
        }
    }

    @Test("a call whose client takes its time knows whether others wait for its session")
    func wanted() async throws {
        let gate = Gate()
        let world = UpstreamWorld(.v2025_11_25, tellsRequestsApart: false) { _, _ in
            try await gate.pass()
            return try json("{}")
        }
        try await world.reached { server in
            let clients = (0..<9).map { _ in StubClient(.roots) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { _ = try await server.answer(.echo(), context: .of(clients[number])) }
                    await world.clock.eventually { gate.arrived == number + 1 }
                }
                #expect(clients.prefix(8).allSatisfy { $0.isWanted == false })
                group.addTask { _ = try await server.answer(.echo(), context: .of(clients[8])) }
                await world.clock.eventually { clients[0].isWanted == true }
                #expect(clients[8].isWanted == nil)
                gate.open()
                try await group.waitForAll()
            }
            #expect(clients.allSatisfy { $0.isWanted == nil })
        }
    }
}
