import NIOCore
import Testing

@testable import HubUpstream

@Suite("Pool states")
struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine<Int, String>
    private let start = NIODeadline.uptimeNanoseconds(0)
    private var later: NIODeadline { start + .hours(1) }

    private func machine(connections: Int = 2, waiters: Int = 3) -> Machine {
        var bounds = PoolBounds()
        bounds.connections = connections
        bounds.waiters = waiters
        bounds.idleTime = .seconds(60)
        return Machine(bounds: bounds)
    }

    /// What was decided, as text, so that a test can say what it expects in one word.
    private func say(_ acquired: Machine.Acquired) -> String {
        switch acquired {
        case .connection(let connection): "use \(connection)"
        case .waiting(let opens): opens ? "open" : "wait"
        case .refused: "refuse"
        }
    }

    private func say(_ freed: Machine.Freed) -> String {
        switch freed {
        case .serve(let waiter): "serve \(waiter)"
        case .keep: "keep"
        case .close: "close"
        }
    }

    @Test("connections are opened up to the bound, waiters queue up to theirs, and the next is refused")
    func bounds() {
        var machine = machine()
        let decisions = ["a", "b", "c", "d"].map { say(machine.acquire($0, deadline: later)) }
        #expect(decisions == ["open", "open", "wait", "refuse"])
    }

    @Test("waiters are served in the order they came, by whichever connection is free first")
    func fairness() {
        var machine = machine(connections: 1)
        _ = machine.acquire("a", deadline: later)
        _ = machine.acquire("b", deadline: later)
        _ = machine.acquire("c", deadline: later)
        #expect(say(machine.opened(1, now: start)) == "serve a")
        #expect(say(machine.released(1, now: start)) == "serve b")
        #expect(say(machine.released(1, now: start)) == "serve c")
        #expect(say(machine.released(1, now: start)) == "keep")
        #expect(!machine.hasWork && !machine.isEmpty)
    }

    @Test("the connection used last is used first, so that the others grow old and are closed")
    func ages() {
        var machine = machine()
        for waiter in ["a", "b"] { _ = machine.acquire(waiter, deadline: later) }
        for connection in [1, 2] { _ = machine.opened(connection, now: start) }
        #expect(say(machine.released(1, now: start)) == "keep")
        #expect(say(machine.released(2, now: start + .seconds(30))) == "keep")
        #expect(say(machine.acquire("c", deadline: later)) == "use 2")
        #expect(say(machine.released(2, now: start + .seconds(30))) == "keep")
        #expect(machine.tick(now: start + .seconds(59)).stale == [])
        #expect(machine.tick(now: start + .seconds(60)).stale == [1])
        #expect(machine.tick(now: start + .seconds(90)).stale == [2])
        #expect(machine.isEmpty)
    }

    @Test("a connection that cannot be opened fails one waiter, and the next gets its own try")
    func failures() {
        var machine = machine(connections: 1)
        _ = machine.acquire("a", deadline: later)
        _ = machine.acquire("b", deadline: later)
        let first = machine.openingFailed()
        #expect(first.told == "a" && first.opens)
        let second = machine.openingFailed()
        #expect(second.told == "b" && !second.opens)
        #expect(machine.isEmpty)
    }

    @Test("a connection that breaks in use is replaced only while somebody waits")
    func replacement() {
        var machine = machine(connections: 1)
        _ = machine.acquire("a", deadline: later)
        _ = machine.acquire("b", deadline: later)
        _ = machine.opened(1, now: start)
        let opensForB = machine.closedBusy()
        #expect(opensForB)
        #expect(say(machine.opened(2, now: start)) == "serve b")
        let opensForNobody = machine.closedBusy()
        #expect(!opensForNobody)
        #expect(machine.isEmpty)
    }

    @Test("who left is not served, and its connection is kept for the next")
    func leaving() {
        var machine = machine()
        _ = machine.acquire("a", deadline: later)
        let (left, again) = (machine.leave("a"), machine.leave("a"))
        #expect(left && !again)
        #expect(say(machine.opened(1, now: start)) == "keep")
        #expect(say(machine.acquire("b", deadline: later)) == "use 1")
    }

    @Test("who waits too long is told, and whether every connection was in use", arguments: [(1, true), (2, false)])
    func lateness(connections: Int, isSaturated: Bool) {
        var machine = machine(connections: connections)
        _ = machine.acquire("a", deadline: later)
        _ = machine.opened(1, now: start)
        _ = machine.acquire("b", deadline: start + .seconds(5))
        _ = machine.acquire("c", deadline: start + .seconds(6))
        #expect(machine.tick(now: start + .seconds(4)).late == [])
        let due = machine.tick(now: start + .seconds(5))
        #expect(due.late == ["b"] && due.isSaturated == isSaturated)
    }

    @Test("a kept connection that closed is not given out")
    func closedIdle() {
        var machine = machine()
        _ = machine.acquire("a", deadline: later)
        _ = machine.opened(1, now: start)
        _ = machine.released(1, now: start)
        let (was, wasAgain) = (machine.closedIdle(1), machine.closedIdle(1))
        #expect(was && !wasAgain)
        #expect(say(machine.acquire("b", deadline: later)) == "open")
    }

    @Test("after the end nothing is kept, and what is in use ends its work")
    func closing() {
        var machine = machine()
        for waiter in ["a", "b"] { _ = machine.acquire(waiter, deadline: later) }
        for connection in [1, 2] { _ = machine.opened(connection, now: start) }
        _ = machine.released(1, now: start)
        #expect(machine.close() == [1])
        #expect(say(machine.released(2, now: start)) == "close")
        #expect(machine.isEmpty)
    }
}
