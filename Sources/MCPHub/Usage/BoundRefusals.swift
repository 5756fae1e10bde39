import HubCore

/// What the MCP side keeps for its clients, and how much of it at most.
public enum MCPBound: String, Sendable, Hashable, CaseIterable {
    /// Calls of 2026-07-28 that wait for their clients to come back with answers.
    case parkedCalls = "parked_calls"
    /// Questions to clients that have not been answered.
    case clientQuestions = "client_questions"
    /// Resources whose updates clients want to hear of.
    case subscriptions
    /// Bytes of events that clients may come back for: what is not kept cannot be resumed.
    case keptEvents = "kept_events"
    /// Streams that go on without their clients.
    case streamsWithoutClients = "streams_without_clients"
    /// Messages of one HTTP+SSE stream that are being answered.
    case pendingMessages = "pending_messages"
    /// Calls that wait for a server that has not been listed yet.
    case awaitedServers = "awaited_servers"
}

/// Counts what was refused because a bound was met. One for each hub.
final class BoundRefusals: Sendable {
    private let counters: [MCPBound: Counter]

    init() {
        counters = Dictionary(uniqueKeysWithValues: MCPBound.allCases.map { ($0, Counter()) })
    }

    /// One more was refused.
    func count(_ bound: MCPBound) { counters[bound]?.increment() }
    /// How many were, by bound.
    var counts: [MCPBound: UInt64] { counters.mapValues(\.value) }
}
