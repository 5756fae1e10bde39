import HubCore
import Testing

@testable import hubd

@Suite struct RemoteSecretStateTests {
    private let start = ContinuousClock.now
    private let away = SecretError(.unavailable, "it does not answer")

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// A state under test: what changes it may stand in an expectation.
    private final class Subject {
        private var state = RemoteSecretState()

        func demand(now: ContinuousClock.Instant, isForced: Bool) -> RemoteSecretState.Demand { state.demand(now: now, isForced: isForced) }
        func takeDue(now: ContinuousClock.Instant) -> Bool { state.takeDue(now: now) }
        func expire(now: ContinuousClock.Instant) -> Bool { state.expire(now: now) }
        func giveUp() { state.giveUp() }
        @discardableResult
        func finish(_ answer: Result<Secret, SecretError>, now: ContinuousClock.Instant) -> RemoteSecretState.Change {
            state.finish(answer, now: now)
        }
    }

    /// A secret that was read at the start.
    private func read(_ text: String = "one") -> Subject {
        let state = Subject()
        #expect(state.demand(now: start, isForced: false) == .read)
        #expect(state.finish(.success(Secret(text)), now: start) == .init())
        return state
    }

    @Test("1. a value is used for five minutes, and on while it is asked for again")
    func lifetime() {
        let state = read()
        #expect(!state.takeDue(now: at(299)))
        #expect(state.takeDue(now: at(300)))
        #expect(!state.takeDue(now: at(300)))  // one asks
        #expect(state.demand(now: at(301), isForced: false) == .value(Secret("one")))
        #expect(state.finish(.success(Secret("one")), now: at(302)) == .init())
        #expect(!state.takeDue(now: at(601)))
        #expect(state.takeDue(now: at(602)))
        #expect(state.finish(.success(Secret("two")), now: at(602)) == .init(isValueNew: true))
    }

    @Test(
        "2. while the place is away, or lets nobody in, the value serves for an hour", arguments: [SecretError.Kind.unavailable, .refused])
    func outage(kind: SecretError.Kind) {
        let state = read()
        let error = SecretError(kind, "no")
        #expect(state.takeDue(now: at(300)))
        #expect(state.finish(.failure(error), now: at(300)) == .init(outage: error))
        #expect(state.takeDue(now: at(310)))
        #expect(state.finish(.failure(error), now: at(310)) == .init())  // said once
        #expect(!state.expire(now: at(3599)))
        #expect(state.demand(now: at(3599), isForced: false) == .value(Secret("one")))
        #expect(state.expire(now: at(3600)))
        #expect(!state.expire(now: at(3600)))
        #expect(state.takeDue(now: at(3600)))
        #expect(state.finish(.success(Secret("one")), now: at(3601)) == .init(isValueNew: true, isRecovery: true))
    }

    @Test("2. a secret that is gone is given up at once")
    func gone() {
        let state = read()
        #expect(state.takeDue(now: at(300)))
        let missing = SecretError(.missing, "no such secret")
        #expect(state.finish(.failure(missing), now: at(300)) == .init(isValueNew: true, outage: missing))
        #expect(state.demand(now: at(301), isForced: false) == .failure(missing))
    }

    @Test("3. after a failure nothing is asked for ten seconds, not even by a reload")
    func pause() {
        let state = Subject()
        #expect(state.demand(now: start, isForced: false) == .read)
        state.finish(.failure(away), now: start)
        #expect(!state.takeDue(now: at(9)))
        #expect(state.demand(now: at(9), isForced: false) == .failure(away))
        #expect(state.demand(now: at(9), isForced: true) == .failure(away))
        #expect(state.demand(now: at(10), isForced: false) == .read)
    }

    @Test("4. one asks and the others wait; where that one stops, the next asks")
    func singleFlight() {
        let state = Subject()
        #expect(state.demand(now: start, isForced: false) == .read)
        #expect(state.demand(now: start, isForced: true) == .wait)
        #expect(!state.takeDue(now: at(1000)))
        state.giveUp()
        #expect(state.demand(now: start, isForced: false) == .read)
    }

    @Test("a reload asks again for a value that is known")
    func forced() {
        let state = read()
        #expect(state.demand(now: at(1), isForced: true) == .read)
        #expect(state.demand(now: at(1), isForced: false) == .value(Secret("one")))
        state.finish(.failure(away), now: at(1))
        #expect(state.demand(now: at(2), isForced: true) == .value(Secret("one")))
    }
}
