import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubUpstream

@Suite("tokens for many requests", .timeLimit(.minutes(1)))
struct TokenCacheTests {
    /// A token service that answers when a test says so, in the order in which it was asked.
    private final class Service: Sendable {
        private struct State {
            var asked = 0
            var open: [CheckedContinuation<Result<TokenGrant, CredentialFailure>, Never>] = []
            var watchers: [(Int, CheckedContinuation<Void, Never>)] = []
        }

        private let state = NIOLockedValueBox(State())

        func obtain() async throws(CredentialFailure) -> TokenGrant {
            let result = await withCheckedContinuation { continuation in
                let watchers = state.withLockedValue { state in
                    state.asked += 1
                    state.open.append(continuation)
                    defer { state.watchers.removeAll { $0.0 <= state.asked } }
                    return state.watchers.filter { $0.0 <= state.asked }
                }
                for watcher in watchers { watcher.1.resume() }
            }
            return try result.get()
        }

        var asked: Int { state.withLockedValue { $0.asked } }

        func untilAsked(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLockedValue { state in
                    if state.asked < count { state.watchers.append((count, continuation)) }
                    return state.asked >= count
                }
                if isThere { continuation.resume() }
            }
        }

        func answer(_ result: Result<TokenGrant, CredentialFailure>) {
            state.withLockedValue { $0.open.removeFirst() }.resume(returning: result)
        }

        func give(_ token: String, life: Double) { answer(.success(TokenGrant(token: Secret(token), life: .seconds(life)))) }
    }

    private let clock = HandClock()
    private let service = Service()
    private let timers = TimerTable()
    private let asker = Asker(principal: .anonymous, logger: TestUpstreams.logger)
    private let cache: TokenCache

    init() {
        let (clock, service, timers) = (clock, service, timers)
        cache = TokenCache(timers: timers, now: { clock.now }) { _, _ throws(CredentialFailure) in try await service.obtain() }
    }

    private func token(refused: Int = 0) async throws -> String {
        try await cache.token(refused: refused, for: asker).value.revealed
    }

    @Test("many wait for one")
    func singleFlight() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await token() } }
            await service.untilAsked(1)
            service.give("a", life: 100)
            for try await found in group { #expect(found == "a") }
        }
        #expect(service.asked == 1)
    }

    @Test("renewal makes nobody wait")
    func renewal() async throws {
        async let first = token()
        await service.untilAsked(1)
        service.give("a", life: 100)
        #expect(try await first == "a")
        clock.advance(.seconds(80))
        #expect(try await token() == "a")
        await service.untilAsked(2)
        #expect(try await token() == "a")
        service.give("b", life: 100)
        #expect(try await token(refused: 1) == "b")
        #expect(service.asked == 2)
    }

    @Test("whoever goes leaves the others their token")
    func cancellation() async throws {
        let gone = Task { try await token() }
        await service.untilAsked(1)
        let stays = Task { try await token() }
        gone.cancel()
        await #expect(throws: UpstreamFailure.self) { try await gone.value }
        service.give("a", life: 100)
        #expect(try await stays.value == "a")
        #expect(service.asked == 1)
    }

    @Test("nobody waits beyond its own deadline")
    func deadline() async throws {
        let hurried = Task {
            try await cache.token(for: Asker(principal: .anonymous, logger: TestUpstreams.logger, deadline: .now() + .seconds(5)))
        }
        await service.untilAsked(1)
        let patient = Task { try await token() }
        timers.fire(now: .now + .seconds(4))
        timers.fire(now: .now + .seconds(6))
        let error = await #expect(throws: UpstreamFailure.self) { try await hurried.value }
        guard case .timeout = error else {
            Issue.record("not a time-out")
            return
        }
        service.give("a", life: 100)
        #expect(try await patient.value == "a")
        #expect(timers.count == 0)
    }

    @Test("a failure reaches all who wait, and whoever comes soon after, without another question")
    func failure() async throws {
        let first = Task { try await token() }
        await service.untilAsked(1)
        service.answer(.failure(.refused(status: 401, code: "invalid_client")))
        await #expect(throws: UpstreamFailure.self) { try await first.value }
        await #expect(throws: UpstreamFailure.self) { try await token() }
        #expect(service.asked == 1)
        clock.advance(.seconds(1))
        async let next = token()
        await service.untilAsked(2)
        service.give("a", life: 100)
        #expect(try await next == "a")
    }

    @Test("another token comes in place of a refused one, and none where the service has none")
    func replacement() async throws {
        async let first = token()
        await service.untilAsked(1)
        service.give("a", life: 1000)
        #expect(try await first == "a")
        async let second = cache.replacement(for: 1, asker: asker)
        await service.untilAsked(2)
        service.give("b", life: 1000)
        #expect(await second?.value.revealed == "b")
        #expect(await cache.replacement(for: 2, asker: asker) == nil, "not so soon")
        clock.advance(.seconds(10))
        async let third = cache.replacement(for: 2, asker: asker)
        await service.untilAsked(3)
        service.answer(.failure(.odd(status: 500)))
        #expect(await third == nil)
        #expect(try await token() == "b")
    }

    @Test("callers' tokens are kept apart, and let go when there are too many: those used longest ago")
    func callers() async throws {
        let tokens = CallerTokens(limit: 8) { _ in
            TokenCache(timers: TimerTable(), now: { .now }) { _, _ throws(CredentialFailure) in throw .odd(status: 500) }
        }
        let prefix = String(repeating: "x", count: 40)
        let caches = (0..<8).map { tokens.cache(for: Secret("\(prefix)\($0)")) }
        #expect(Set(caches.map(ObjectIdentifier.init)).count == 8)
        #expect(tokens.cache(for: Secret("\(prefix)0")) === caches[0])
        _ = tokens.cache(for: Secret("\(prefix)8"))
        #expect(tokens.count == 7)
        #expect(tokens.cache(for: Secret("\(prefix)0")) === caches[0], "used again a moment ago")
        #expect(tokens.cache(for: Secret("\(prefix)1")) !== caches[1])
    }
}
