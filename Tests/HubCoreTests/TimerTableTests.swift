import HubCore
import NIOConcurrencyHelpers
import Testing

@Suite("Timers")
struct TimerTableTests {
    @Test("what is due is done once, what was taken back is not")
    func fires() {
        let timers = TimerTable()
        let done = NIOLockedValueBox<[String]>([])
        let start = ContinuousClock.now
        _ = timers.add(due: start + .seconds(1)) { done.withLockedValue { $0.append("first") } }
        let taken = timers.add(due: start + .seconds(1)) { done.withLockedValue { $0.append("taken back") } }
        _ = timers.add(due: start + .seconds(2)) { done.withLockedValue { $0.append("second") } }
        timers.remove(taken)
        timers.fire(now: start)
        #expect(done.withLockedValue { $0.isEmpty })
        timers.fire(now: start + .seconds(1))
        timers.fire(now: start + .seconds(1))
        #expect(done.withLockedValue { $0 } == ["first"])
        #expect(timers.count == 1)
        timers.fire(now: start + .seconds(5))
        #expect(done.withLockedValue { $0 } == ["first", "second"])
        #expect(timers.count == 0)
    }

    @Test("something done may add the next")
    func addsFromAction() {
        let timers = TimerTable()
        let start = ContinuousClock.now
        _ = timers.add(due: start) { _ = timers.add(due: start + .seconds(1)) {} }
        timers.fire(now: start)
        #expect(timers.count == 1)
    }
}
