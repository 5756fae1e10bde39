import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
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

    @Test("a tool of another MCP server that failed is counted as such")
    func failedTool() async throws {
        let metrics = HubMetrics(version: "1")
        for text in [#"{"content":[],"isError":true}"#, #"{"content":[]}"#] {
            let response = CallResponse(toolResult: try JSONDocument(parsing: text, limits: .message))
            let chain = PolicyChain([metrics.calls(server: "s", tool: "t")], around: Target(outcome: .success(response)))
            _ = try await chain.perform(Call(entry: "s", tool: "t", arguments: nil), context: context)
        }
        for outcome in ["ok", "upstream_error"] {
            #expect(metrics.prometheusText().contains("hubd_calls_total{server=\"s\",tool=\"t\",outcome=\"\(outcome)\"} 1\n"))
        }
    }

    @Test(
        "the tools of one server that are counted by name are bounded; those beyond are counted together, and other servers are not touched"
    )
    func boundedTools() {
        let metrics = HubMetrics(version: "1")
        let all = (0..<HubMetrics.maximumTools).map { ObjectIdentifier(metrics.calls(server: "s", tool: "t\($0)")) }
        #expect(Set(all).count == HubMetrics.maximumTools)
        #expect(metrics.calls(server: "s", tool: "more") === metrics.calls(server: "s", tool: "and more"))
        #expect(ObjectIdentifier(metrics.calls(server: "s", tool: "t7")) == all[7])
        #expect(metrics.calls(server: "other", tool: "a") !== metrics.calls(server: "other", tool: "b"))
    }

    /// A body of one piece, which breaks off where there is a failure.
    private final class Stream: BodyStream {
        private let hasGiven = NIOLockedValueBox(false)
        let failure: (any Error)?

        init(failure: (any Error)? = nil) { self.failure = failure }

        func next() async throws -> ByteBuffer? {
            let isFirst = hasGiven.withLockedValue { hasGiven in
                defer { hasGiven = true }
                return !hasGiven
            }
            if isFirst { return ByteBuffer(string: "x") }
            if let failure { throw failure }
            return nil
        }

        func cancel() {}
    }

    @Test("a stream is counted once, at its last byte, when it breaks off, or when it is given up")
    func streams() async throws {
        let metrics = HubMetrics(version: "1")
        func begin(_ stream: Stream, status: Int = 200) async throws -> any BodyStream {
            let response = CallResponse(status: status, fields: [:], body: .stream(stream))
            let chain = PolicyChain([metrics.calls(server: "s", tool: "t")], around: Target(outcome: .success(response)))
            guard case .stream(let stream) = try await chain.perform(Call(entry: "s", tool: "t", arguments: nil), context: context).body
            else { throw HubError(.internal, "no stream") }
            return stream
        }
        let whole = try await begin(Stream())
        #expect(try await whole.next() != nil)
        #expect(!metrics.prometheusText().contains("outcome="))
        #expect(try await whole.next() == nil)
        whole.cancel()
        let broken = try await begin(Stream(failure: HubError(.upstreamFailed, "cut")))
        #expect(try await broken.next() != nil)
        await #expect(throws: HubError.self) { try await broken.next() }
        broken.cancel()
        try await begin(Stream()).cancel()
        try await begin(Stream(), status: 500).cancel()
        let text = metrics.prometheusText()
        for outcome in ["ok", "error", "cancelled", "upstream_error"] {
            #expect(text.contains("hubd_calls_total{server=\"s\",tool=\"t\",outcome=\"\(outcome)\"} 1\n"))
        }
        #expect(text.contains("hubd_call_duration_seconds_count{server=\"s\",tool=\"t\"} 4\n"))
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
