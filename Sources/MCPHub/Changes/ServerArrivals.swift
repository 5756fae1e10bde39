import HubCore
import NIOConcurrencyHelpers

/// Those who wait for a server of the hub to be put together anew, because what they want may be in it then.
final class ServerArrivals: Sendable {
    /// How long one is waited for in all.
    static let limit = Duration.seconds(5)
    /// How many wait at the same time; more do not wait.
    static let maximum = 1024

    /// A server, and the how manieth it is that came.
    private struct Arrival: Sendable {
        var number: Int
        var server: MCPServer
    }

    private struct State {
        var next = 0
        var latest: [String: Arrival] = [:]
        var waiting: [Int: (entry: String, arrival: Awaited<Arrival?>)] = [:]
    }

    private let timers: TimerTable
    private let refusals: BoundRefusals
    private let state = NIOLockedValueBox(State())

    init(timers: TimerTable, refusals: BoundRefusals) {
        self.timers = timers
        self.refusals = refusals
    }

    /// How many wait.
    var count: Int { state.withLockedValue { $0.waiting.count } }

    /// Gives the first server of this name that `fits`, of the one that came last and those that come; nil where none does in time.
    ///
    /// - Throws: `CancellationError`.
    func wait(for entry: String, until fits: (MCPServer) -> Bool) async throws -> MCPServer? {
        let due = ContinuousClock.now + Self.limit
        var seen = 0
        while let arrival = try await next(of: entry, after: seen, due: due) {
            if fits(arrival.server) { return arrival.server }
            seen = arrival.number
        }
        return nil
    }

    /// A server has been put together anew.
    func arrived(_ server: MCPServer) {
        let (arrival, waiting) = state.withLockedValue { state in
            state.next += 1
            let arrival = Arrival(number: state.next, server: server)
            state.latest[server.name] = arrival
            return (arrival, state.waiting.values.filter { $0.entry == server.name })
        }
        for (_, awaited) in waiting { awaited.give(.success(arrival)) }
    }

    /// There is no server of this name any more.
    func left(_ entry: String) { state.withLockedValue { $0.latest[entry] = nil } }

    private func next(of entry: String, after seen: Int, due: ContinuousClock.Instant) async throws -> Arrival? {
        let awaited = Awaited<Arrival?>()
        let id: Int? = state.withLockedValue { state in
            if let latest = state.latest[entry], latest.number > seen {
                awaited.give(.success(latest))
            } else if state.waiting.count >= Self.maximum {
                return nil
            }
            state.next += 1
            state.waiting[state.next] = (entry, awaited)
            return state.next
        }
        guard let id else {
            refusals.count(.awaitedServers)
            return nil
        }
        let timer = timers.add(due: due) { awaited.give(.success(nil)) }
        defer {
            timers.remove(timer)
            state.withLockedValue { $0.waiting[id] = nil }
        }
        return try await awaited.value()
    }
}
