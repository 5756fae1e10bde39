import NIOCore
import Testing

@testable import HubUpstream

@Suite("Exchange states")
struct ExchangeStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(0)
    private let timeouts = UpstreamTimeouts(connect: .seconds(5), firstByte: .seconds(30), idle: .seconds(60), total: .seconds(600))

    private func machine() -> ExchangeStateMachine {
        ExchangeStateMachine(timeouts: timeouts, totalDeadline: start + .seconds(600), unreadBytes: 10)
    }

    /// An exchange whose head has come.
    private func streaming(keepsAlive: Bool = true, isRequestSent: Bool = true) -> ExchangeStateMachine {
        var machine = machine()
        machine.began(wasKept: false, now: start)
        if isRequestSent { machine.sentRequest(now: start) }
        machine.receivedBytes()
        machine.receivedHead(keepsAlive: keepsAlive, now: start)
        return machine
    }

    private func isLate(_ machine: ExchangeStateMachine, after seconds: Int64) -> Bool {
        if case .timeout? = machine.tick(now: start + .seconds(seconds)) { true } else { false }
    }

    @Test("the head must come within its time, counted from the end of the request")
    func firstByte() {
        var machine = machine()
        machine.began(wasKept: false, now: start)
        machine.sentBytes(now: start + .seconds(50))
        #expect(!isLate(machine, after: 109))
        machine.sentRequest(now: start + .seconds(100))
        #expect(!isLate(machine, after: 129))
        #expect(isLate(machine, after: 130))
    }

    @Test("an upstream that takes no more of the request is too slow")
    func stalledRequest() {
        var machine = machine()
        machine.began(wasKept: false, now: start)
        #expect(!isLate(machine, after: 59))
        #expect(isLate(machine, after: 60))
    }

    @Test("between two pieces time counts, but not while the hub's own reader is slow; the whole counts always")
    func idle() {
        var machine = streaming()
        let pausesFew = machine.receivedBody(unread: 10, now: start + .seconds(50))
        #expect(!pausesFew)
        #expect(!isLate(machine, after: 109))
        #expect(isLate(machine, after: 110))
        let pausesMany = machine.receivedBody(unread: 11, now: start + .seconds(100))
        let pausesAgain = machine.receivedBody(unread: 12, now: start + .seconds(100))
        #expect(pausesMany && !pausesAgain)
        #expect(!isLate(machine, after: 599))
        #expect(isLate(machine, after: 600))
        let resumes = machine.readerTookAll(now: start + .seconds(300))
        let resumesAgain = machine.readerTookAll(now: start + .seconds(300))
        #expect(resumes && !resumesAgain)
        #expect(!isLate(machine, after: 359))
        #expect(isLate(machine, after: 360))
    }

    @Test(
        "a connection is used again only where both sides are done and nothing is left over",
        arguments: [
            (true, true, false, ExchangeStateMachine.Ended.reusable), (false, true, false, .unusable), (true, false, false, .unusable),
            (true, true, true, .unusable),
        ])
    func reuse(keepsAlive: Bool, isRequestSent: Bool, surplus: Bool, expected: ExchangeStateMachine.Ended) {
        var machine = streaming(keepsAlive: keepsAlive, isRequestSent: isRequestSent)
        #expect(machine.receivedEnd(surplus: surplus) == expected)
        #expect(machine.isComplete && machine.failure == nil)
        #expect(!isLate(machine, after: 10_000))
    }

    @Test("a connection that ends while it is not read is not used again")
    func pausedEnd() {
        var machine = streaming()
        _ = machine.receivedBody(unread: 11, now: start)
        #expect(machine.receivedEnd(surplus: false) == .unusable)
    }

    @Test("an end before any byte is told from an answer that broke off", arguments: [true, false])
    func closed(hasBytes: Bool) {
        var machine = machine()
        machine.began(wasKept: true, now: start)
        if hasBytes { machine.receivedBytes() }
        let isNews = machine.connectionClosed(nil)
        #expect(isNews)
        switch machine.failure {
        case .closedUnanswered(wasKept: true): #expect(!hasBytes)
        case .brokenOff: #expect(hasBytes)
        default: Issue.record("\(String(describing: machine.failure))")
        }
    }

    @Test("what is over stays as it is")
    func over() {
        var ended = streaming()
        _ = ended.receivedEnd(surplus: false)
        let isNews = ended.failed(.cancelled)
        #expect(!isNews && ended.isComplete)
        var failed = machine()
        _ = failed.failed(.timeout)
        failed.began(wasKept: false, now: start)
        failed.receivedHead(keepsAlive: true, now: start)
        #expect(failed.receivedEnd(surplus: false) == .unusable)
        guard case .timeout = failed.failure else {
            Issue.record("the first failure is lost")
            return
        }
    }
}
