import HubCore
import NIOConcurrencyHelpers

/// The requests in words that led callers of one entry to tools: a search that found a tool, and a good call of it by the same caller soon
/// after. They are examples of the tool from then on. Outlives snapshots; gone when the process ends.
///
/// What is kept are callers' own words, which nobody else is shown: they only change what is found. An entry asks for it (`routing.learn`).
final class LearnedRequests: Sendable {
    /// How long after a search a call counts, in seconds.
    static let patience: Int64 = 600
    /// The most requests of one tool; the oldest goes first.
    static let maximumPerTool = 8
    /// The most tools that have any.
    static let maximumTools = 10_000
    /// The longest request that is kept, in UTF-8 bytes.
    static let maximumBytes = 256
    /// The most callers whose searches are remembered, and the most searches of one.
    static let (maximumCallers, maximumSearches) = (10_000, 4)

    private struct Search {
        var request: String
        var found: Set<String>
        var at: Int64
    }

    private struct State {
        var searches: [CallerKey: [Search]] = [:]
        var sweptAt = Int64.min
        var requests: [String: [String]] = [:]
        var hasNews = false
    }

    private let state = NIOLockedValueBox(State())

    /// Somebody searched.
    ///
    /// - Parameter now: seconds since 1970.
    func searched(_ request: String, found: [String], by caller: CallerKey, now: Int64) {
        guard !found.isEmpty, (1...Self.maximumBytes).contains(request.utf8.count) else { return }
        let search = Search(request: request, found: Set(found), at: now)
        state.withLockedValue { state in
            if state.searches[caller] == nil, state.searches.count >= Self.maximumCallers {
                guard state.sweptAt < now else { return }  // looking through all of them once a second is enough
                state.sweptAt = now
                state.searches = state.searches.filter { $0.value.contains { now - $0.at <= Self.patience } }
                guard state.searches.count < Self.maximumCallers else { return }
            }
            state.searches[caller] = (state.searches[caller] ?? []).suffix(Self.maximumSearches - 1) + [search]
        }
    }

    /// Somebody called a tool, and it answered well.
    func called(_ tool: String, by caller: CallerKey, now: Int64) {
        state.withLockedValue { state in
            let led = state.searches[caller]?.last { $0.found.contains(tool) && now - $0.at <= Self.patience }
            guard let led, state.requests[tool] != nil || state.requests.count < Self.maximumTools else { return }
            var requests = state.requests[tool] ?? []
            guard !requests.contains(where: { $0.utf8.elementsEqual(led.request.utf8) }) else { return }
            requests = requests.suffix(Self.maximumPerTool - 1) + [led.request]
            state.requests[tool] = requests
            state.hasNews = true
        }
    }

    /// The requests that led to a tool.
    func requests(for tool: String) -> [String] { state.withLockedValue { $0.requests[tool] ?? [] } }

    /// Whether there are new ones since this was last asked.
    func takeNews() -> Bool {
        state.withLockedValue { state in
            defer { state.hasNews = false }
            return state.hasNews
        }
    }
}
