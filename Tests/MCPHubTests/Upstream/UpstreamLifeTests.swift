import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("The life of servers elsewhere", .timeLimit(.minutes(2)))
struct UpstreamLifeTests {
    @Test("a server is reached and listed, which is a change, once")
    func reached() async throws {
        let world = UpstreamWorld(.v2025_06_18)
        let server = world.server()
        #expect(server.state.problem == "not connected yet" && server.state.catalogue == nil && server.asksByRequest)
        try await world.running {
            await world.servers.wait(for: [server], limit: .seconds(30))
            #expect(server.state.problem == nil)
            #expect(server.state.catalogue?.tools.map(\.definition.name) == ["echo"])
            #expect(server.state.catalogue?.revision == .v2025_06_18)
            #expect(world.servers.takeChange())
            #expect(!world.servers.takeChange())
        }
        #expect(world.opener.sessions.allSatisfy { $0.closes > 0 })
    }

    @Test("equal settings are one server, whose way is asked for once")
    func equalSettings() throws {
        let world = UpstreamWorld()
        let ways = NIOLockedValueBox(0)
        let settings = UpstreamServerSettings(name: "a", identity: "a")
        let made = (0..<3).map { _ in
            world.servers.server(for: settings) {
                ways.withLockedValue { $0 += 1 }
                return .process(NoProcess())
            }
        }
        #expect(ways.withLockedValue { $0 } == 1)
        #expect(made.allSatisfy { $0 === made[0] })
    }

    @Test("one that hangs holds up none, and is given up at its limit")
    func hanging() async throws {
        let gate = Gate()
        let world = UpstreamWorld(
            opener: ScriptedOpener { opening in
                if opening.number == 1 { try await gate.pass() }
                return ScriptedSession(.of(.v2026_07_28)) { request, _ in try UpstreamWorld.listing(request) ?? json("{}") }
            })
        let slow = world.server("slow")
        try await world.running {
            await world.clock.eventually { gate.arrived == 1 }
            let quick = world.server("quick")
            await world.servers.wait(for: [quick], limit: .seconds(60))
            #expect(quick.state.problem == nil)
            #expect(slow.state.problem == "not connected yet")
            world.clock.advance(by: .seconds(30))
            await world.servers.wait(for: [slow], limit: .seconds(60))
            #expect(slow.state.problem == "it cannot be reached: it did not answer in time")
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { slow.state.problem == nil }
        }
    }

    @Test("waiting for servers ends at its limit")
    func waitLimit() async throws {
        let gate = Gate()
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                try await gate.pass()
                throw HubError(.upstreamFailed, "no")
            })
        let server = world.server { $0.listLimit = .seconds(1000) }
        try await world.running {
            async let waited: Void = world.servers.wait(for: [server], limit: .seconds(5))
            await world.clock.eventually { gate.arrived == 1 && world.clock.timers.count >= 2 }
            world.clock.advance(by: .seconds(5))
            await waited
            #expect(server.state.problem == "not connected yet")
        }
    }

    @Test("a server that is away keeps its catalogue, says why, and is reached again later and later")
    func away() async throws {
        let world = UpstreamWorld()
        try await world.reached { server in
            _ = world.servers.takeChange()
            world.opener.script { _ in
                throw HubError(.upstreamFailed, "The upstream cannot be reached", cause: JSONRPCError(.internalError, "10.0.0.5"))
            }
            world.opener.sessions.first?.breakOff()
            world.opener.openings.first?.observer?.ended(nil)
            #expect(server.state.problem == "its session ended")
            #expect(server.state.catalogue?.tools.count == 1)
            #expect(world.servers.takeChange())
            for (count, delay) in [(2, 1), (3, 2), (4, 4)] {
                #expect(world.opener.openings.count == count - 1)
                world.clock.advance(by: .milliseconds(delay * 1000 - 1))
                world.clock.advance(by: .milliseconds(1))
                await world.clock.eventually { server.standing.withLockedValue { $0.attempts } >= count + 1 }
            }
            #expect(server.state.problem?.hasPrefix("it cannot be reached: The upstream cannot be reached (") == true)
            #expect(!world.servers.takeChange())
            world.opener.script { _ in ScriptedSession(.of(.v2026_07_28)) { request, _ in try UpstreamWorld.listing(request) ?? json("{}") }
            }
            world.clock.advance(by: .seconds(8))
            await world.clock.eventually { server.state.problem == nil }
            #expect(world.servers.takeChange())
        }
    }

    @Test("many words of changes have the lists read once, and only another list is a change")
    func changes() async throws {
        let name = NIOLockedValueBox("echo")
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(.v2026_07_28)) { request, _ in
                    try UpstreamWorld.listing(request, tool: name.withLockedValue { $0 }) ?? json("{}")
                }
            })
        try await world.reached { server in
            _ = world.servers.takeChange()
            world.clock.advance(by: .seconds(60))
            name.withLockedValue { $0 = "other" }
            let session = try #require(world.opener.sessions.first)
            for _ in 0..<50 { world.opener.openings.first?.observer?.changed(.tools) }
            world.clock.advance(by: .milliseconds(200))
            await world.clock.eventually { server.state.catalogue?.tools.first?.definition.name == "other" }
            #expect(session.requests.count == 2)
            #expect(world.servers.takeChange())
            world.clock.advance(by: .seconds(60))
            world.opener.openings.first?.observer?.changed(.prompts)
            world.clock.advance(by: .milliseconds(200))
            await world.clock.eventually { session.requests.count == 3 && server.standing.withLockedValue { $0.attempts } == 3 }
            #expect(!world.servers.takeChange())
        }
    }

    @Test("lists are read again after the refresh time")
    func refresh() async throws {
        let world = UpstreamWorld()
        try await world.reached({ $0.refresh = .seconds(600) }) { server in
            let session = try #require(world.opener.sessions.first)
            world.clock.advance(by: .seconds(600))
            await world.clock.eventually { session.requests.count == 2 }
        }
    }

    @Test("lists that cannot be read again leave the old ones")
    func failedRelist() async throws {
        let isBroken = NIOLockedValueBox(false)
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(.v2025_11_25)) { request, _ in
                    if isBroken.withLockedValue({ $0 }) { throw JSONRPCError(.internalError, "at /srv/app.py") }
                    return try UpstreamWorld.listing(request) ?? json("{}")
                }
            })
        try await world.reached { server in
            isBroken.withLockedValue { $0 = true }
            world.clock.advance(by: .seconds(60))
            world.opener.openings.first?.observer?.changed(.tools)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.state.problem != nil }
            #expect(server.state.problem == "its lists cannot be read: it answered with the error -32603, at /srv/app.py")
            #expect(server.standing.withLockedValue { $0.excuse } == "its lists cannot be read: it answered with the error -32603")
            #expect(server.state.catalogue?.tools.count == 1)
            #expect(world.opener.sessions.first?.closes == 1)
        }
    }

    @Test("the word of a session that is over does not count")
    func staleWord() async throws {
        let world = UpstreamWorld()
        try await world.reached { server in
            let stale = try #require(world.opener.openings.first?.observer)
            stale.ended(nil)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.state.problem == nil }
            stale.ended(nil)
            stale.updated(resource: "a:1")
            stale.changed(.tools)
            #expect(server.state.problem == nil)
            #expect(world.opener.openings.count == 2)
        }
    }

    @Test("servers that are not kept end with their sessions, and calls of them fail")
    func retain() async throws {
        let world = UpstreamWorld()
        let other = world.server("other")
        try await world.reached { server in
            await world.servers.wait(for: [other], limit: .seconds(30))
            world.servers.retain([other.settings])
            #expect(world.opener.sessions.count { $0.closes > 0 } == 1)
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            _ = try await other.answer(.echo(), context: .of())
            #expect(world.server("stub") !== server)
        }
    }

    @Test("resources are watched as long as anybody watches them, also in the next session")
    func watching() async throws {
        let world = UpstreamWorld(capabilities: #"{"resources":{"subscribe":true}}"#)
        try await world.reached { server in
            let session = try #require(world.opener.sessions.first)
            #expect(server.watch(resource: "a:1"))
            await world.clock.eventually { session.watched == [["a:1"]] }
            #expect(server.watch(resource: "a:1"))
            server.unwatch(resource: "a:1")
            world.opener.openings.first?.observer?.updated(resource: "a:1")
            #expect(world.updates.withLockedValue { $0 } == ["stub a:1"])
            world.opener.openings.first?.observer?.ended(nil)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { world.opener.sessions.count == 2 && world.opener.sessions[1].watched == [["a:1"]] }
            server.unwatch(resource: "a:1")
            await world.clock.eventually { world.opener.sessions[1].watched == [["a:1"], []] }
            world.opener.openings[1].observer?.updated(resource: "a:1")
            #expect(world.updates.withLockedValue { $0.count } == 1)
        }
    }

    @Test("only so many resources are watched, those that came first, and whoever was refused takes nothing back")
    func watchBound() {
        let watches = WatchedResources()
        let all = (0..<WatchedResources.maximum).map { "z:\($0)" }
        for uri in all { #expect(watches.add(uri) == .first) }
        #expect(watches.add("a:1") == .refused)
        #expect(watches.add("z:1") == .another)
        #expect(watches.takeChanged()?.uris == Set(all))
        #expect(watches.takeChanged() == nil)
        #expect(!watches.remove("z:1"))
        #expect(watches.remove("z:1"))
        #expect(watches.add("a:1") == .first)
        #expect(watches.takeChanged()?.uris == Set(all).subtracting(["z:1"]).union(["a:1"]))
    }

    @Test("who subscribes waits until the server has been told, and no longer than a limit")
    func watchesSettle() async {
        let (watches, timers, start) = (WatchedResources(), TimerTable(), ContinuousClock.now)
        await watches.settle(until: start, timers: timers)  // nothing is watched
        #expect(watches.add("a:1") == .first)
        let told = Task { await watches.settle(until: start + .seconds(3600), timers: timers) }
        while timers.count == 0 { await Task.yield() }
        let change = watches.takeChanged()?.change ?? 0
        #expect(watches.add("a:2") == .first)
        watches.told(change)
        await told.value
        let late = Task { await watches.settle(until: start + .seconds(1), timers: timers) }
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: start + .seconds(2))
        await late.value
        #expect(timers.count == 0)
    }

    @Test("the addresses of what is watched have a bound together, which those that are given up leave")
    func watchBytes() {
        let watches = WatchedResources()
        let long = (0..<4).map { "\($0)" + String(repeating: "x", count: WatchedResources.maximumBytes / 4 - 1) }
        for uri in long { #expect(watches.add(uri) == .first) }
        #expect(watches.add("one:more") == .refused)
        #expect(watches.remove(long[0]))
        #expect(watches.add("one:more") == .first)
    }

    @Test("a server that is not told in time what is watched is told again")
    func slowWatch() async throws {
        let gate = Gate()
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                // It may be cancelled: that is the point.
                ScriptedSession(.of(.v2025_11_25, #"{"resources":{"subscribe":true}}"#), watching: { try? await gate.pass() }) {
                    request, _ in try UpstreamWorld.listing(request) ?? json("{}")
                }
            })
        try await world.reached { server in
            let session = try #require(world.opener.sessions.first)
            #expect(server.watch(resource: "a:1"))
            await world.clock.eventually { gate.arrived == 1 }
            world.clock.advance(by: .seconds(30))
            await world.clock.eventually { world.clock.timers.count > 0 && server.watches.isChanged }
            gate.open()
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { session.watched.count == 2 }
            #expect(session.watched == [["a:1"], ["a:1"]])
        }
    }

    @Test("a server that goes while it is reached for is not waited for")
    func stoppedWhileReached() async throws {
        let (arrived, ended) = (Gate(), NIOLockedValueBox(false))
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                defer { ended.withLockedValue { $0 = true } }
                try await arrived.pass()
                throw HubError(.upstreamFailed, "no")
            })
        let server = world.server()
        try await world.running {
            await world.clock.eventually { arrived.arrived == 1 }
            world.servers.retain([])
            // Without the clock moving on.
            await world.clock.eventually { ended.withLockedValue { $0 } }
            #expect(server.state.problem == "it is not looked after any more")
        }
    }
}
