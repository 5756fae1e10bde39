import HubCore
import Testing

@testable import HubUpstream

@Suite("a shared token")
struct TokenStateMachineTests {
    /// A machine at its beginning, with times in seconds from there.
    private final class Bench {
        let start = ContinuousClock.now
        var machine = TokenStateMachine()

        /// What a request does, in a word.
        func wants(refused: Int = 0, at seconds: Double) -> String {
            switch machine.wants(refused: refused, now: start + .seconds(seconds)) {
            case .use(let token, let renews): "\(token.value.revealed)\(renews ? " renews" : "")"
            case .wait(let asks): asks ? "asks" : "waits"
            case .fail: "fails"
            }
        }

        @discardableResult
        func obtained(_ token: String, life: Double, at seconds: Double) -> TokenStateMachine.Token {
            machine.obtained(TokenGrant(token: Secret(token), life: .seconds(life)), asked: start + .seconds(seconds))
        }

        func failed(at seconds: Double) { machine.failed(.odd(status: 503), now: start + .seconds(seconds)) }

        func isReplaceable(refused: Int, at seconds: Double) -> Bool {
            machine.isReplaceable(refused: refused, now: start + .seconds(seconds))
        }

        func isSettled(at seconds: Double) -> Bool { machine.settled(now: start + .seconds(seconds)) != nil }
    }

    private let bench = Bench()

    @Test("it is asked for once, used to its end, and renewed ahead of that by one request")
    func life() {
        #expect(bench.wants(at: 0) == "asks")
        #expect(bench.wants(at: 0) == "waits")
        bench.obtained("a", life: 1000, at: 0)
        #expect(bench.wants(at: 1) == "a")
        #expect(bench.wants(at: 799) == "a")
        #expect(bench.isSettled(at: 799))
        #expect(!bench.isSettled(at: 800))
        #expect(bench.wants(at: 800) == "a renews")
        #expect(bench.wants(at: 801) == "a")
        #expect(bench.isSettled(at: 801), "somebody asks already")
        bench.obtained("b", life: 1000, at: 800)
        #expect(bench.wants(at: 802) == "b")
        #expect(bench.wants(at: 1801) == "asks")
    }

    @Test(
        "renewal begins at four fifths of its life, and half a minute ahead of its end at the latest",
        arguments: [(1000.0, 800.0), (100, 70), (40, 20), (1, 0.5)])
    func renewal(life: Double, renewal: Double) {
        let token = bench.obtained("a", life: life, at: 0)
        #expect(token.end == bench.start + .seconds(life) && token.renewal == bench.start + .seconds(renewal))
    }

    @Test("while renewal fails it is used as long as it lives, with growing pauses between attempts")
    func failing() {
        bench.obtained("a", life: 100, at: 0)
        #expect(bench.wants(at: 80) == "a renews")
        bench.failed(at: 80)
        #expect(bench.wants(at: 80.4) == "a")
        #expect(bench.wants(at: 80.5) == "a renews")
        bench.failed(at: 81)
        #expect(bench.wants(at: 81.9) == "a")
        #expect(bench.wants(at: 82) == "a renews")
        bench.failed(at: 99.9)
        #expect(bench.wants(at: 100) == "fails")
        #expect(bench.wants(at: 101.9) == "asks")
    }

    @Test("pauses end at ten seconds")
    func pauses() {
        for _ in 0..<40 { bench.failed(at: 0) }
        #expect(bench.wants(at: 9.9) == "fails")
        #expect(bench.wants(at: 10) == "asks")
    }

    @Test("a refused token is replaced once; others use it meanwhile, and further refusals stand for a while")
    func refused() {
        bench.obtained("a", life: 1000, at: 0)
        #expect(bench.isReplaceable(refused: 1, at: 0))
        #expect(bench.wants(refused: 1, at: 0) == "asks")
        #expect(bench.wants(at: 0) == "a")
        #expect(bench.isReplaceable(refused: 1, at: 0), "somebody asks already")
        #expect(bench.wants(refused: 1, at: 0) == "waits")
        bench.obtained("b", life: 1000, at: 0)
        #expect(bench.isReplaceable(refused: 1, at: 0), "there is another one already")
        #expect(bench.wants(refused: 1, at: 0) == "b")
        #expect(!bench.isReplaceable(refused: 2, at: 9))
        #expect(bench.isReplaceable(refused: 2, at: 10))
    }
}
