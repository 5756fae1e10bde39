import HTTPTypes
import HubCore
import Logging
import NIOCore
import Testing

@testable import HubTelemetry

@Suite("Metrics")
struct HubMetricsTests {
    private struct Target: CallTarget {
        var outcome: Result<CallResponse, any Error>
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse { try outcome.get() }
    }

    private let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    @Test("calls are counted by outcome under the names of the configuration")
    func calls() async throws {
        let metrics = HubMetrics(version: "1")
        let outcomes: [Result<CallResponse, any Error>] = [
            .success(CallResponse(status: 200, contentType: nil, body: ByteBuffer())),
            .success(CallResponse(status: 404, contentType: nil, body: ByteBuffer())), .failure(HubError(.upstreamTimeout, "late")),
            .failure(CancellationError()),
        ]
        for outcome in outcomes {
            let chain = PolicyChain([metrics.calls(server: "s\"x", tool: "t")], around: Target(outcome: outcome))
            _ = try? await chain.perform(Call(entry: "s", tool: "t", arguments: nil), context: context)  // counted either way
        }
        let text = metrics.prometheusText()
        for outcome in ["ok", "upstream_error", "error", "cancelled"] {
            #expect(text.contains("hubd_calls_total{server=\"s\\\"x\",tool=\"t\",outcome=\"\(outcome)\"} 1\n"))
        }
        #expect(text.contains("hubd_call_duration_seconds_count{server=\"s\\\"x\",tool=\"t\"} 4\n"))
    }

    @Test("requests in flight are those that began and did not end")
    func inFlight() {
        let metrics = HubMetrics(version: "1")
        let request = InboundRequest(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/"), host: "", body: ByteBuffer(), id: "1",
            remoteAddress: "",
            logger: context.logger)
        metrics.began()
        metrics.began()
        #expect(metrics.prometheusText().contains("hubd_http_requests_in_flight 2\n"))
        metrics.ended(request, status: 200, bytesSent: 1, duration: .milliseconds(3))
        metrics.ended(request, status: nil, bytesSent: 0, duration: .seconds(100))
        let text = metrics.prometheusText()
        #expect(text.contains("hubd_http_requests_in_flight 0\n"))
        #expect(text.contains("hubd_http_requests_total{status=\"200\"} 1\n"))
        #expect(text.contains("hubd_http_requests_aborted_total 1\n"))
        #expect(text.contains("hubd_http_request_duration_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(text.contains("hubd_http_request_duration_seconds_bucket{le=\"+Inf\"} 2\n"))
    }
}
