import HubPolicy
import Testing

@Suite struct FailureBrakeTests {
    private let brake = FailureBrake()
    private let start = ContinuousClock.now

    @Test("the first three hundred failures of an address are answered at once, then ever more slowly, then cut short")
    func slows() {
        for _ in 0..<300 { #expect(brake.failed("192.0.2.1", now: start) == .now) }
        #expect(brake.failed("192.0.2.1", now: start) == .after(.milliseconds(1)))
        #expect(brake.failed("192.0.2.1", now: start) == .after(.milliseconds(2)))
        brake.waited()
        for _ in 0..<4697 where brake.failed("192.0.2.1", now: start) != .tooMany { brake.waited() }
        #expect(!brake.isPressed(by: "192.0.2.1", now: start))
        #expect(brake.failed("192.0.2.1", now: start) == .after(.milliseconds(250)))
        #expect(brake.isPressed(by: "192.0.2.1", now: start))
        #expect(brake.failed("192.0.2.1", now: start) == .tooMany)
        #expect(brake.failed("192.0.2.2", now: start) == .now)
    }

    @Test("ten seconds later an address begins anew")
    func forgets() {
        for _ in 0..<400 { _ = brake.failed("192.0.2.1", now: start) }
        #expect(brake.failed("192.0.2.1", now: start + .seconds(10)) == .now)
        #expect(!brake.isPressed(by: "192.0.2.1", now: start + .seconds(10)))
    }

    @Test("the addresses of one IPv6 network are one")
    func networks() {
        for host in 0..<300 { #expect(brake.failed("2001:db8:1:2::\(String(host, radix: 16))", now: start) == .now) }
        #expect(brake.failed("2001:db8:1:2:ffff::1", now: start) == .after(.milliseconds(1)))
        #expect(brake.failed("2001:db8:1:3::1", now: start) == .now)
    }

    @Test("an IPv4 address is itself where a socket for both kinds reports it as IPv6")
    func mapped() {
        for _ in 0..<300 { #expect(brake.failed("::ffff:192.0.2.1", now: start) == .now) }
        #expect(brake.failed("::ffff:192.0.2.2", now: start) == .now)
        #expect(brake.failed("192.0.2.1", now: start) == .after(.milliseconds(1)))
    }

    @Test("no more than a thousand wait at once, of all addresses together")
    func waits() {
        var waiting = 0
        for address in 0..<20 {
            for _ in 0..<400 where brake.failed("192.0.2.\(address)", now: start) != .now { waiting += 1 }
        }
        #expect(waiting == 2000)
        #expect(brake.failed("192.0.2.19", now: start) == .tooMany)
        brake.waited()
        #expect(brake.failed("192.0.2.19", now: start) != .tooMany)
    }

    @Test("only so many addresses are remembered, and what comes behind them is not slowed")
    func bounded() {
        for address in 0..<20_000 { _ = brake.failed("\(address)", now: start) }
        for _ in 0..<400 { #expect(brake.failed("late", now: start) == .now) }
    }
}
