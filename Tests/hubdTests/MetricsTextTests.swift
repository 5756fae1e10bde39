import HubTelemetry
import Testing

@testable import MCPHub
@testable import hubd

@Suite("Metrics of MCP")
struct MetricsTextTests {
    @Test("a server is in one state at a time, and what is not known of it is left out")
    func servers() {
        var here = UpstreamHealth()
        (here.isUp, here.isTried, here.hasList, here.listAge, here.processes) = (true, true, true, .milliseconds(1500), 2)
        here.failures[.callFailed] = 3
        var text = MetricsText()
        text.write([("here", here), ("gone", .unreachable)])
        let lines = text.text.split(separator: "\n")
        #expect(lines.contains(#"hubd_mcp_upstream_up{server="here"} 1"#))
        #expect(lines.contains(#"hubd_mcp_upstream_up{server="gone"} 0"#))
        for (server, state) in [("here", "up"), ("gone", "away")] {
            let states = lines.filter { $0.hasPrefix("hubd_mcp_upstream_state{server=\"\(server)\"") }
            #expect(states.count == 4 && states.count { $0.hasSuffix(" 1") } == 1)
            #expect(states.contains("hubd_mcp_upstream_state{server=\"\(server)\",state=\"\(state)\"} 1"))
        }
        #expect(lines.contains(#"hubd_mcp_upstream_list_age_seconds{server="here"} 1.5"#))
        #expect(lines.contains(#"hubd_mcp_upstream_processes{server="here"} 2"#))
        #expect(lines.contains(#"hubd_mcp_upstream_failures_total{server="here",kind="call_failed"} 3"#))
        #expect(!text.text.contains(#"age_seconds{server="gone""#) && !text.text.contains(#"processes{server="gone""#))
    }

    @Test("what is used and what was refused is said for each bound")
    func usage() {
        var text = MetricsText()
        text.write(
            MCPUsage(
                parkedCalls: 1, clientQuestions: 2, clientStreams: 3, streamsWithoutClients: 4, keptEventBytes: 5, subscriptions: 6,
                callsAwaitingServers: 7, refused: [.parkedCalls: 8]))
        let samples = text.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            Set(samples) == [
                "hubd_mcp_parked_calls 1", "hubd_mcp_client_questions 2", "hubd_mcp_client_streams 3", "hubd_mcp_streams_without_clients 4",
                "hubd_mcp_kept_event_bytes 5", "hubd_mcp_subscriptions 6", "hubd_mcp_calls_awaiting_servers 7",
                #"hubd_mcp_refused_total{bound="parked_calls"} 8"#, #"hubd_mcp_refused_total{bound="client_questions"} 0"#,
                #"hubd_mcp_refused_total{bound="subscriptions"} 0"#, #"hubd_mcp_refused_total{bound="kept_events"} 0"#,
                #"hubd_mcp_refused_total{bound="streams_without_clients"} 0"#, #"hubd_mcp_refused_total{bound="pending_messages"} 0"#,
                #"hubd_mcp_refused_total{bound="awaited_servers"} 0"#,
            ])
    }
}
