import Testing

@testable import A2ABridge

@Suite("When a notification is sent again")
struct PushPolicyTests {
    private let policy = PushPolicy()

    @Test(
        "the answer says whether it came, is not wanted, or is to be sent again",
        arguments: [
            (200, "told"), (204, "told"), (299, "told"), (301, "passedOver"), (400, "passedOver"), (401, "passedOver"), (404, "passedOver"),
            (499, "passedOver"), (410, "gone"), (408, "again"), (425, "again"), (429, "again"), (500, "again"), (503, "again"),
            (100, "again"), (-1, "again"), (999, "again"), (nil, "again"),
        ] as [(Int?, String)])
    func answers(status: Int?, verdict: String) {
        #expect("\(policy.verdict(status, attempt: 1, isDown: false, random: 0))".hasPrefix(verdict))
    }

    @Test("waits double up to the longest, and are between a half and all of it")
    func waits() {
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (7, 64)] {
            for random in [0, UInt64.max / 2, .max] {
                guard case .again(let delay) = policy.verdict(nil, attempt: attempt, isDown: false, random: random) else {
                    Issue.record("it is given up")
                    continue
                }
                #expect(delay >= .seconds(seconds) / 2 && delay <= .seconds(seconds))
            }
        }
        var long = policy
        long.attempts = .max
        for attempt in [20, 64, 1_000, Int.max - 1] {
            guard case .again(let delay) = long.verdict(500, attempt: attempt, isDown: false, random: .max) else {
                Issue.record("it is given up")
                continue
            }
            #expect(delay >= .seconds(299) && delay <= .seconds(300))
        }
    }

    @Test("the last attempt is the last, and behind one that was given up each is tried once")
    func givingUp() {
        #expect(policy.verdict(500, attempt: 7, isDown: false, random: 0) != .givenUp)
        #expect(policy.verdict(500, attempt: 8, isDown: false, random: 0) == .givenUp)
        #expect(policy.verdict(500, attempt: 1, isDown: true, random: 0) == .givenUp)
        #expect(policy.verdict(200, attempt: 1, isDown: true, random: 0) == .told)
    }
}
