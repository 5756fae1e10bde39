/// How much of what is bounded the MCP side uses at a time.
public struct MCPUsage: Sendable {
    /// Calls of 2026-07-28 that wait for their clients to come back with answers.
    public var parkedCalls: Int
    /// Questions to clients of handshake sessions that have not been answered.
    public var clientQuestions: Int
    /// Streams on which clients hear what is not the answer to a request, those that go on without their clients included.
    public var clientStreams: Int
    /// Streams that go on without their clients, for a while.
    public var streamsWithoutClients: Int
    /// What is kept for clients that come back for the rest of a stream.
    public var keptEventBytes: Int
    /// Resources whose updates clients want to hear of, those of each client counted.
    public var subscriptions: Int
    /// Calls that wait for a server that has not been listed yet.
    public var callsAwaitingServers: Int
    /// What was refused, by the bound that was met.
    public var refused: [MCPBound: UInt64]
}

extension MCPRuntime {
    /// What is used at present.
    public var usage: MCPUsage {
        let kept = eventLogs.usage
        return MCPUsage(
            parkedCalls: parkedCalls.count, clientQuestions: questions.count, clientStreams: broadcaster.count,
            streamsWithoutClients: kept.left, keptEventBytes: kept.bytes, subscriptions: subscriptions.count,
            callsAwaitingServers: arrivals.count, refused: refusals.counts)
    }
}
