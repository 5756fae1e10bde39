import A2ABridge
import HubCore
import HubTelemetry
import MCPHub
import ModelProxy

/// What `/metrics` says of the MCP servers elsewhere, by the names of their entries, and of what the hub keeps for MCP clients.
/// `docs/metrics.md` lists the same: a test compares them.
extension MetricsText {
    typealias ServerHealth = (name: String, health: UpstreamHealth)

    /// Writes how servers are.
    mutating func write(_ servers: [ServerHealth]) {
        family("hubd_mcp_upstream_up", .gauge, "Whether the MCP server elsewhere answers.")
        for (name, health) in servers { sample(health.isUp ? 1 : 0, ["server": name]) }
        family("hubd_mcp_upstream_state", .gauge, "1 at the state it is in: connecting, up, stale (away, what it listed is served), away.")
        for (name, health) in servers {
            for state in UpstreamHealth.State.allCases {
                sample(health.state == state ? 1 : 0, ["server": name, "state": state.rawValue])
            }
        }
        family("hubd_mcp_upstream_list_age_seconds", .gauge, "Since its lists were read; a server that is up tells of changes by itself.")
        for (name, health) in servers {
            if health.hasList, let age = health.listAge { sample(age, ["server": name]) }
        }
        family("hubd_mcp_upstream_sessions", .gauge, "Sessions with it that are open or being opened.")
        for (name, health) in servers { sample(health.sessions, ["server": name]) }
        family("hubd_mcp_upstream_processes", .gauge, "Processes of a command that run.")
        for (name, health) in servers {
            if let processes = health.processes { sample(processes, ["server": name]) }
        }
        family("hubd_mcp_upstream_calls_in_flight", .gauge, "Calls that are under way, those that wait included.")
        for (name, health) in servers { sample(health.callsInFlight, ["server": name]) }
        family("hubd_mcp_upstream_calls_waiting", .gauge, "Calls that wait for it to be reached, or for a session.")
        for (name, health) in servers { sample(health.callsWaiting, ["server": name]) }
        family("hubd_mcp_upstream_sessions_total", .counter, "Sessions that were begun; of a command each is a process.")
        for (name, health) in servers { sample(health.sessionsBegun, ["server": name]) }
        family("hubd_mcp_upstream_restarts_total", .counter, "How often it was reached again after it had been there.")
        for (name, health) in servers { sample(health.restarts, ["server": name]) }
        family("hubd_mcp_upstream_failures_total", .counter, "What went wrong with it, by kind.")
        for (name, health) in servers {
            for kind in ServerFailure.allCases { sample(health.failures[kind, default: 0], ["server": name, "kind": kind.rawValue]) }
        }
    }

    /// Writes how many tools wait for approval.
    mutating func write(held: [(server: String, tools: Int)]) {
        family("hubd_tools_held", .gauge, "Tools that are held back until somebody approves them.")
        for (server, tools) in held { sample(tools, ["server": server]) }
    }

    /// Writes how often Model APIs answered from memory, and what agents are at.
    mutating func write(_ cache: ModelCache, _ agents: A2ARuntime) {
        family("hubd_model_cache_answers_total", .counter, "Questions to Model APIs that were looked up, by whether there was an answer.")
        sample(cache.hits.value, ["found": "true"])
        sample(cache.misses.value, ["found": "false"])
        family("hubd_model_cache_bytes", .gauge, "What kept answers of models take, in bytes.")
        sample(cache.byteCount)
        let load = agents.load
        family("hubd_agent_tasks_at_work", .gauge, "Tasks of agents that are worked on.")
        sample(load.tasksAtWork)
        family("hubd_agent_streams", .gauge, "Open streams of tasks.")
        sample(load.streams)
    }

    /// Writes what is kept for clients.
    mutating func write(_ usage: MCPUsage) {
        let gauges: [(name: String, help: String, value: Int)] = [
            ("client_streams", "Streams on which MCP clients hear of changes.", usage.clientStreams),
            ("streams_without_clients", "Streams that go on for a while without their clients.", usage.streamsWithoutClients),
            ("kept_event_bytes", "Events that are kept for clients that come back.", usage.keptEventBytes),
            ("subscriptions", "Resources whose updates clients want to hear of.", usage.subscriptions),
            ("client_questions", "Questions to clients of handshake sessions that are open.", usage.clientQuestions),
            ("parked_calls", "Calls of 2026-07-28 that wait for their clients to answer.", usage.parkedCalls),
            ("calls_awaiting_servers", "Calls that wait for a server that has not been listed yet.", usage.callsAwaitingServers),
        ]
        for gauge in gauges {
            family("hubd_mcp_\(gauge.name)", .gauge, gauge.help)
            sample(gauge.value)
        }
        family("hubd_mcp_refused_total", .counter, "What was refused because a bound was met, by bound.")
        for bound in MCPBound.allCases { sample(usage.refused[bound, default: 0], ["bound": bound.rawValue]) }
    }
}
