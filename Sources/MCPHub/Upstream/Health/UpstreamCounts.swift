import HubCore
import NIOConcurrencyHelpers

/// What has happened with the server of one name, counted. Outlives the server: a reload that gives it other settings resets nothing.
final class UpstreamCounts: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let begun = Counter()
    private let ended = Counter()
    private let sessions = Counter()
    private let arrivals = Counter()
    private let failures: [ServerFailure: Counter]
    private let listed = NIOLockedValueBox<Instant?>(nil)

    init() {
        failures = Dictionary(uniqueKeysWithValues: ServerFailure.allCases.map { ($0, Counter()) })
    }

    /// Counts a call while it runs, and how it failed.
    func counting<Value>(_ call: () async throws -> Value) async throws -> Value {
        begun.increment()
        defer { ended.increment() }
        do {
            return try await call()
        } catch {
            if let failure = ServerFailure(ofCall: error) { count(failure) }
            throw error
        }
    }

    /// Something went wrong.
    func count(_ failure: ServerFailure) { failures[failure]?.increment() }
    /// A session was begun.
    func sessionBegan() { sessions.increment() }

    /// The server was reached, and its lists have been read.
    func arrived(now: Instant) {
        arrivals.increment()
        listRead(now: now)
    }

    /// Its lists have been read.
    func listRead(now: Instant) { listed.withLockedValue { $0 = now } }

    /// Adds what was counted.
    func write(to health: inout UpstreamHealth, now: Instant) {
        let (ended, begun) = (ended.value, begun.value)  // in this order: never less than none
        health.callsInFlight = Int(clamping: begun) - Int(clamping: ended)
        health.sessionsBegun = sessions.value
        health.restarts = arrivals.value > 0 ? arrivals.value - 1 : 0
        health.failures = failures.mapValues(\.value)
        health.listAge = listed.withLockedValue { $0 }.map { max(.zero, now - $0) }
    }
}
