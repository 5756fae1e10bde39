import HubCore
import Testing

@testable import MCPHub

@Suite("Which call goes into which session")
struct SessionPoolStateMachineTests {
    private let start = ContinuousClock.now
    private typealias Machine = SessionPoolStateMachine

    private func session(apart: Bool = true) -> ScriptedSession {
        ScriptedSession(.of(.v2025_11_25), tellsRequestsApart: apart) { _, _ in try json("{}") }
    }

    private func machine(sessions: Int = 64, inCell: Int = 8, waiting: Int = 256) -> Machine {
        Machine(bounds: .init(sessions: sessions, sessionsInCell: inCell, waiting: waiting, idleTime: .seconds(300)))
    }

    private func wish(_ cell: SessionCell, _ capabilities: ClientCapabilities = [], by consumer: String? = nil) -> SessionWish {
        var principal = Principal.anonymous
        if case .caller(let name, _, _) = cell { principal.consumer = name }
        if let consumer { principal.consumer = consumer }
        return SessionWish(cell: cell, capabilities: capabilities, principal: principal)
    }

    private func caller(_ name: String) -> SessionCell { .caller(consumer: name, credential: nil, capabilities: []) }

    @Test("many who wait have one session opened, and all go into it")
    func coalescing() {
        var machine = machine()
        let first = machine.acquire(1, wish(caller("a")), now: start)
        #expect(first.opens.count == 1 && first.served.isEmpty)
        for waiter in 2...20 as ClosedRange<UInt64> {
            #expect(machine.acquire(waiter, wish(caller("a")), now: start).opens.isEmpty)
        }
        let session = session()
        let effects = machine.opened(1, session, now: start)
        #expect(effects.served.map(\.waiter) == Array(1...20))
        #expect(effects.served.allSatisfy { $0.session === session && $0.slot == 1 })
        #expect(effects.opens.isEmpty)
        #expect(machine.take(caller("a"), now: start)?.slot == 1)
        #expect(machine.take(caller("b"), now: start) == nil)
    }

    @Test("a session that cannot tell requests apart takes one call of a client that can be asked; the next gets another session")
    func serial() {
        var machine = machine(inCell: 2)
        let cell = SessionCell.caller(consumer: "a", credential: nil, capabilities: .roots)
        for waiter in 1...3 as ClosedRange<UInt64> { _ = machine.acquire(waiter, wish(cell, .roots), now: start) }
        let first = machine.opened(1, session(apart: false), now: start)
        #expect(first.served.map(\.waiter) == [1])
        #expect(first.opens.map(\.slot) == [2])
        let second = machine.opened(2, session(apart: false), now: start)
        #expect(second.served.map(\.waiter) == [2])
        #expect(second.opens.isEmpty)
        #expect(machine.take(cell, now: start) == nil)
        #expect(machine.release(1, now: start).served.map(\.waiter) == [3])
    }

    @Test("a client with a session of its own has one with the server, in which 32 of its calls go side by side and others wait")
    func client() {
        var machine = machine()
        for waiter in 1...33 as ClosedRange<UInt64> { _ = machine.acquire(waiter, wish(.client(7), .sampling), now: start) }
        let opened = machine.opened(1, session(apart: false), now: start)
        #expect(opened.served.map(\.waiter) == Array(1...32) && opened.opens.isEmpty)
        #expect(!machine.waitsForFirst(33))
        #expect(machine.release(1, now: start).served.map(\.waiter) == [33])
    }

    @Test("at the bound the idle session that was used longest ago makes room; where none is idle the call is refused")
    func bound() {
        var machine = machine(sessions: 2)
        let (old, new) = (session(), session())
        for (slot, (name, session)) in [("a", old), ("b", new)].enumerated() {
            _ = machine.acquire(UInt64(slot), wish(caller(name)), now: start)
            _ = machine.opened(slot + 1, session, now: start)
        }
        _ = machine.release(1, now: start + .seconds(1))
        _ = machine.release(2, now: start + .seconds(2))
        let third = machine.acquire(3, wish(caller("c")), now: start + .seconds(3))
        #expect(third.closes.count == 1 && third.closes.first === old)
        #expect(third.opens.count == 1 && machine.count == 2)
        _ = machine.opened(3, session(), now: start)
        _ = machine.acquire(4, wish(caller("b")), now: start)
        let fourth = machine.acquire(5, wish(caller("d")), now: start)
        #expect(fourth.refused == [5] && fourth.closes.isEmpty)
    }

    @Test("sessions without work are closed after their time, those in use and the server's own are not")
    func idle() {
        var machine = machine()
        let (idle, used, own) = (session(), session(), session())
        #expect(machine.add(own, now: start).effects.served.isEmpty)
        for (waiter, (name, session)) in [("a", idle), ("b", used)].enumerated() {
            let opens = machine.acquire(UInt64(waiter), wish(caller(name)), now: start).opens
            _ = machine.opened(opens.first?.slot ?? 0, session, now: start)
        }
        _ = machine.release(2, now: start)
        #expect(machine.tick(now: start + .seconds(299)).closes.isEmpty)
        let closes = machine.tick(now: start + .seconds(300)).closes
        #expect(closes.count == 1 && closes.first === idle)
        #expect(machine.count == 1)
    }

    @Test("a session that was found ended is not used again")
    func ended() {
        var machine = machine()
        let session = session()
        _ = machine.acquire(1, wish(caller("a")), now: start)
        _ = machine.opened(1, session, now: start)
        _ = machine.release(1, now: start)
        session.breakOff()
        #expect(machine.take(caller("a"), now: start) == nil)
        #expect(!machine.hasOpen(caller("a")))
        let again = machine.acquire(2, wish(caller("a")), now: start)
        #expect(again.opens.count == 1 && again.served.isEmpty)
    }

    @Test("one that cannot be opened fails all who wait for it, unless there are others to wait for")
    func failing() {
        var machine = machine()
        for waiter in 1...3 as ClosedRange<UInt64> { _ = machine.acquire(waiter, wish(caller("a")), now: start) }
        #expect(machine.openingFailed(1).failed == [1, 2, 3])
        let cell = SessionCell.caller(consumer: "b", credential: nil, capabilities: .roots)
        _ = machine.acquire(4, wish(cell, .roots), now: start)
        _ = machine.opened(2, session(apart: false), now: start)
        #expect(machine.acquire(5, wish(cell, .roots), now: start).opens.map(\.slot) == [3])
        #expect(machine.openingFailed(3).failed.isEmpty)
        #expect(machine.release(2, now: start).served.map(\.waiter) == [5])
    }

    @Test("the end of a client's session ends its sessions and those who wait for one; what is opened too late is closed")
    func clientEnds() {
        var machine = machine()
        let session = session()
        _ = machine.acquire(1, wish(.client(1)), now: start)
        _ = machine.opened(1, session, now: start)
        _ = machine.acquire(2, wish(.client(2)), now: start)
        let first = machine.end(client: 1)
        #expect(first.closes.first === session && first.ended.isEmpty)
        #expect(machine.release(1, now: start).served.isEmpty)
        #expect(machine.end(client: 2).ended == [2])
        let late = self.session()
        #expect(machine.opened(2, late, now: start).closes.first === late)
        #expect(machine.count == 0)
    }

    @Test("the server's own session serves everybody, and when it is given up ends after its last call")
    func own() {
        var machine = machine()
        let session = session(apart: false)
        let slot = machine.add(session, now: start).slot
        #expect(machine.take(.everybody, now: start) != nil)
        #expect(machine.take(.everybody, now: start) != nil)
        #expect(machine.retire(slot).closes.isEmpty)
        #expect(machine.take(.everybody, now: start) == nil)
        #expect(machine.release(slot, now: start).closes.isEmpty)
        #expect(machine.release(slot, now: start).closes.first === session)
    }

    @Test("only so many wait, and after the end nobody")
    func waiting() {
        var machine = machine(waiting: 2)
        for waiter in 1...2 as ClosedRange<UInt64> { _ = machine.acquire(waiter, wish(caller("a")), now: start) }
        #expect(machine.acquire(3, wish(caller("a")), now: start).refused == [3])
        machine.leave(1)
        #expect(machine.acquire(4, wish(caller("a")), now: start).refused.isEmpty)
        #expect(machine.close().ended == [2, 4])
        #expect(machine.acquire(5, wish(caller("a")), now: start).ended == [5])
        let late = session()
        #expect(machine.add(late, now: start).effects.closes.first === late)
    }

    @Test("one caller, however many sessions it begins, has three quarters of those with a server, and leaves alone what others have")
    func shareOfSessions() {
        var machine = machine(sessions: 4)
        _ = machine.acquire(0, wish(.client(0), by: "b"), now: start)
        _ = machine.opened(1, session(), now: start)
        _ = machine.release(1, now: start)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(machine.acquire(number, wish(.client(UInt128(number)), by: "a"), now: start).opens.count == 1)
            _ = machine.opened(Int(number) + 1, session(), now: start)
        }
        let fourth = machine.acquire(4, wish(.client(4), by: "a"), now: start)
        #expect(fourth.refused == [4] && fourth.closes.isEmpty)
        #expect(machine.hasOpen(.client(0)))
        _ = machine.release(2, now: start)
        let fifth = machine.acquire(5, wish(.client(5), by: "a"), now: start)
        #expect(fifth.closes.count == 1 && fifth.opens.count == 1)
        #expect(machine.hasOpen(.client(0)) && !machine.hasOpen(.client(1)))
        #expect(machine.acquire(6, wish(.everybody), now: start).opens.count == 1)
    }

    @Test("one caller has three quarters of the places to wait")
    func shareOfWaiting() {
        var machine = machine(waiting: 4)
        for waiter in 1...3 as ClosedRange<UInt64> {
            #expect(machine.acquire(waiter, wish(.client(1), by: "a"), now: start).refused.isEmpty)
        }
        #expect(machine.acquire(4, wish(.client(1), by: "a"), now: start).refused == [4])
        #expect(machine.acquire(5, wish(.client(2), by: "b"), now: start).refused.isEmpty)
    }
}
