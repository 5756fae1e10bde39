import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import ModelProxy

/// A clock that stands until the test moves it.
final class StubClock: Sendable {
    private let start = ContinuousClock.now
    private let passed = NIOLockedValueBox(Duration.zero)
    var now: ContinuousClock.Instant { start + passed.withLockedValue { $0 } }
    func advance(_ time: Duration) { passed.withLockedValue { $0 += time } }
}

@Suite("Health of the ways to a service", .timeLimit(.minutes(1)))
struct ModelServiceHealthTests {
    private let clock = StubClock()
    private let health: ModelServiceHealth

    init() { health = ModelServiceHealth(now: { [clock] in clock.now }) }

    private func router(_ destinations: [ModelDestination], fallback: [ModelDestination] = []) -> StubRouter {
        StubRouter([ModelRule(to: destinations, fallback: fallback)], health: health)
    }

    private func limited(_ seconds: Int) -> StubMember.Outcome {
        .json(#"{"error":{"code":"rate_limit_exceeded"}}"#, status: 429, fields: [.retryAfter: "\(seconds)"])
    }

    @Test("all ways to a service take turns")
    func turns() async throws {
        let members = (0..<3).map { _ in StubMember(.json("{}")) }
        let router = router([ModelDestination(ModelService("a", .vllm, members[0], members[1], members[2]))])
        for _ in 0..<7 { #expect(try await router.send().status == 200) }
        #expect(members.map(\.count) == [3, 2, 2])
    }

    @Test("one that is at its limit rests for as long as it says, and the caller notices nothing")
    func limit() async throws {
        let (first, second) = (StubMember(limited(20), .json("{}")), StubMember(.json("{}")))
        let router = router([ModelDestination(ModelService("a", .vllm, first, second))])
        for _ in 0..<4 { #expect(try await router.send().status == 200) }
        #expect(first.count == 1 && second.count == 4)
        #expect(router.usage.all.first?.attempts.map(\.failure) == ["rate_limit_exceeded", nil])
        clock.advance(.seconds(21))
        for _ in 0..<4 { #expect(try await router.send().status == 200) }
        #expect(first.count == 3)
    }

    @Test("what is known outlives the snapshot in which it was found out, by the names of the configuration")
    func reload() async throws {
        let first = StubMember(limited(20))
        _ = try await router([ModelDestination(ModelService("a", .vllm, first, StubMember(.json("{}"))))]).send()
        let (again, second) = (StubMember(.json("{}")), StubMember(.json("{}")))
        let later = router([ModelDestination(ModelService("a", .vllm, again, second))])
        for _ in 0..<3 { _ = try await later.send() }
        #expect(first.count == 1 && again.count == 0 && second.count == 3)
        let other = router([ModelDestination(ModelService("b", .vllm, again, second))])
        _ = try await other.send()
        #expect(again.count == 1)
    }

    @Test("where all are at their limit, the caller is told when the first of them wakes, and only that one is asked")
    func allLimited() async throws {
        let (first, second) = (StubMember(limited(60)), StubMember(limited(7)))
        let router = router([ModelDestination(ModelService("a", .vllm, first, second))])
        let writer = try await router.send()
        #expect(writer.status == 429 && writer.fields[.retryAfter] == "7")
        clock.advance(.seconds(3))
        let again = try await router.send()
        // What it says now stands; nothing it says makes it later for the other one.
        #expect(again.status == 429 && again.fields[.retryAfter] == "7")
        #expect(first.count == 1 && second.count == 2)
        clock.advance(.seconds(60))
        _ = try await router.send()
        #expect(first.count + second.count > 3)
    }

    @Test("a service that rests is passed over for its fallback, and asked all the same where there is none")
    func restingService() async throws {
        let (first, second) = (StubMember(limited(30)), StubMember(.json("{}")))
        let service = ModelService("a", .vllm, first)
        let router = router([ModelDestination(service)], fallback: [ModelDestination(ModelService("b", .vllm, second))])
        for _ in 0..<3 { #expect(try await router.send().status == 200) }
        #expect(first.count == 1 && second.count == 3)
        let alone = self.router([ModelDestination(service)])
        #expect(try await alone.send().status == 429)
        #expect(first.count == 2)
    }

    @Test("of several services those that rest are not chosen, whatever their weight, unless all do")
    func restingChoice() async throws {
        let (first, second) = (StubMember(limited(30)), StubMember(.json("{}"), limited(40)))
        let router = router([
            ModelDestination(ModelService("a", .vllm, first), weight: 1_000), ModelDestination(ModelService("b", .vllm, second), weight: 1),
            ModelDestination(ModelService("never", .vllm, StubMember(.hang)), weight: 0),
        ])
        #expect(try await router.send(id: "1").status == 429)
        #expect(try await router.send(id: "1").status == 200)
        #expect(try await router.send(id: "1").status == 429)
        #expect(first.count == 1 && second.count == 2)
        #expect(try await router.send(id: "1").status == 429)
        #expect(first.count == 2)
    }

    @Test("of a service that a request brought to rest, it may ask for another model, and not for the same again")
    func otherModel() async throws {
        let member = StubMember(limited(30), .json("{}"))
        let service = ModelService("a", .vllm, member)
        let router = router(
            [ModelDestination(service, model: "big")],
            fallback: [ModelDestination(service, model: "big"), ModelDestination(service, model: "small")])
        #expect(try await router.send(StubRouter.chat("m")).status == 200)
        #expect(member.bodies == [StubRouter.chat("big"), StubRouter.chat("small")])
    }

    @Test("a provider at its limit that does not say when to come again is spoken for", arguments: [(429, "5"), (503, "1"), (500, nil)])
    func silentLimit(status: Int, wait: String?) async throws {
        let router = router([ModelDestination(ModelService("a", .vllm, StubMember(.json("{}", status: status))))])
        let writer = try await router.send()
        #expect(writer.status == status && writer.fields[.retryAfter] == wait)
    }

    @Test("a credential that is refused rests, and the others serve")
    func credential() async throws {
        let (first, second) = (StubMember(.json("{}", status: 401)), StubMember(.json("{}")))
        let router = router([ModelDestination(ModelService("a", .vllm, first, second))])
        for _ in 0..<4 { #expect(try await router.send().status == 200) }
        #expect(first.count == 1)
    }

    @Test("three failures in a row make it rest, a stream that breaks off counts, and a caller's mistakes do not")
    func failures() async throws {
        let cut = HubError(.upstreamFailed, "x")
        let begun = #"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"# + "\n\n"
        let member = StubMember(
            .failure(cut), .json("{}", status: 400), .failure(cut), .json("{}", status: 500), .stream(StubStream([begun], failure: cut)),
            .json("{}"))
        let router = router(
            [ModelDestination(ModelService("a", .vllm, member))],
            fallback: [ModelDestination(ModelService("b", .vllm, StubMember(.json("{}"))))])
        for _ in 0..<8 { _ = try await router.send(StubRouter.chat("m", isStreaming: true)) }
        #expect(member.count == 5)
        #expect(router.usage.all.suffix(3).map { $0.attempts.map(\.service) } == [["b"], ["b"], ["b"]])
        clock.advance(.seconds(31))
        _ = try await router.send()
        #expect(member.count == 6)
    }

    @Test("rests are bounded, grow with each row of failures, and an answer from before does not end them")
    func rests() {
        let now = clock.now
        var member = MemberHealth()
        member.fail(ProviderError(.rateLimit, "x", retryAfter: .seconds(3600)), at: now)
        #expect(member.wakes == now + .seconds(600))
        member.succeed(at: now)
        #expect(member.isResting(at: now + .seconds(599)) && !member.isResting(at: now + .seconds(600)))
        member.succeed(at: now + .seconds(600))
        #expect(member.isBlank)

        var time = now
        for rest in [30, 60, 90] {
            for _ in 0..<3 { member.fail(.cut, at: time) }
            #expect(member.wakes == time + .seconds(rest))
            time += .seconds(rest)
        }
        for _ in 0..<60 {
            member.fail(.cut, at: time)
            time += .seconds(600)
        }
        #expect(time - .seconds(600) + .seconds(300) >= member.wakes ?? time)
    }

    @Test("names that are no more are forgotten when there are too many")
    func bounded() {
        for number in 0..<10_050 { health.fail("n\(number)", .cut) }
        health.fail("late", ProviderError(.rateLimit, "x", retryAfter: .seconds(9)))
        #expect(health.rest(of: ["late"]) == .seconds(9))
        #expect(health.rest(of: ["n1"]) == nil && health.rest(of: ["late", "n1"]) == nil)
        #expect(health.order(of: ["late", "n1"], service: "s").places == [1, 0])
    }
}
