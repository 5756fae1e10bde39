import HTTPTypes
public import HubCore
import Logging
import NIOConcurrencyHelpers

/// All counters of a hub. Outlives every snapshot, so that a reload resets nothing; series are keyed by names of the
/// configuration and of tools, never by anything a caller sent.
public final class HubMetrics: ExchangeObserver, Sendable {
    private struct CallKey: Hashable, Comparable {
        var server: String
        var tool: String

        static func < (a: CallKey, b: CallKey) -> Bool { (a.server, a.tool) < (b.server, b.tool) }
    }

    private struct Calls {
        var metrics: [CallKey: CallMetrics] = [:]
        var tools: [String: Int] = [:]
    }

    /// The most tools of one server that are counted by name: an MCP server may list other names every day.
    static let maximumTools = 20_000
    /// The name that those beyond are counted under.
    static let otherTools = "(others)"

    private let requestsBegan = Counter()
    private let requestsEnded = Counter()
    private let requestDurations = Histogram()
    private let requestsByStatus = NIOLockedValueBox<[Int: UInt64]>([:])
    private let requestsAborted = Counter()
    private let calls = NIOLockedValueBox(Calls())
    private let reloads = Counter()
    private let failedReloads = Counter()
    private let version: String

    /// Counters at zero.
    public init(version: String) {
        self.version = version
    }

    /// A request began.
    public func began() { requestsBegan.increment() }

    /// A request ended.
    public func ended(_ request: InboundRequest, status: Int?, bytesSent: Int, duration: Duration) {
        requestsEnded.increment()
        requestDurations.record(duration)
        if let status {
            requestsByStatus.withLockedValue { $0[status, default: 0] += 1 }
        } else {
            requestsAborted.increment()
        }
        request.logger.debug(
            "request",
            metadata: [
                "method": "\(request.head.method.rawValue)", "path": "\(request.path.prefix(256))", "status": "\(status ?? 499)",
                "bytes": "\(bytesSent)", "duration": "\(duration)",
            ])
    }

    /// Counts a reload.
    public func reloaded(successfully isSuccess: Bool) { (isSuccess ? reloads : failedReloads).increment() }

    /// The policy that counts the calls of one tool, or of one path of a Model API.
    public func calls(server: String, tool: String) -> CallMetrics {
        calls.withLockedValue { calls in
            var key = CallKey(server: server, tool: tool)
            if let metrics = calls.metrics[key] { return metrics }
            if calls.tools[server, default: 0] >= Self.maximumTools { key.tool = Self.otherTools }
            if let metrics = calls.metrics[key] { return metrics }
            let metrics = CallMetrics()
            calls.metrics[key] = metrics
            calls.tools[server, default: 0] += 1
            return metrics
        }
    }

    /// Everything in Prometheus' text format.
    ///
    /// - Parameter others: adds what is counted elsewhere.
    public func prometheusText(_ others: (inout MetricsText) -> Void = { _ in }) -> String {
        var text = MetricsText()
        text.family("hubd_info", .gauge, "The version that runs.")
        text.sample(1, ["version": version])
        text.family("hubd_http_requests_total", .counter, "Requests answered, by status.")
        for (status, count) in requestsByStatus.withLockedValue({ $0 }).sorted(by: { $0.key < $1.key }) {
            text.sample(count, ["status": "\(status)"])
        }
        text.family("hubd_http_requests_aborted_total", .counter, "Requests whose caller left first.")
        text.sample(requestsAborted.value)
        text.family("hubd_http_requests_in_flight", .gauge, "Requests being answered, streams included.")
        text.sample(Int64(clamping: requestsBegan.value) - Int64(clamping: requestsEnded.value))
        text.family("hubd_http_request_duration_seconds", .histogram, "From the complete request to the last byte of the answer.")
        text.sample(requestDurations)
        writeCalls(to: &text)
        text.family("hubd_reloads_total", .counter, "Configuration reloads, by result.")
        text.sample(reloads.value, ["result": "ok"])
        text.sample(failedReloads.value, ["result": "failed"])
        others(&text)
        return text.text
    }

    private func writeCalls(to text: inout MetricsText) {
        let calls = calls.withLockedValue { $0.metrics }.sorted { $0.key < $1.key }
        text.family("hubd_calls_total", .counter, "Calls, by outcome.")
        for (key, metrics) in calls {
            for (outcome, count) in metrics.counts where count > 0 {
                text.sample(count, ["server": key.server, "tool": key.tool, "outcome": outcome])
            }
        }
        text.family("hubd_call_duration_seconds", .histogram, "Duration of calls, to the last byte.")
        for (key, metrics) in calls where metrics.hasCalls {
            text.sample(metrics.durations, ["server": key.server, "tool": key.tool])
        }
    }
}

/// Counts the calls of one tool or path and how long they took; the outermost policy, because the outcome is known at the end.
public final class CallMetrics: Policy, Sendable {
    private let succeeded = Counter()
    private let failed = Counter()
    private let refused = Counter()
    private let cancelled = Counter()
    let durations = Histogram()

    var hasCalls: Bool { counts.contains { $0.count > 0 } }

    var counts: [(outcome: String, count: UInt64)] {
        [("ok", succeeded.value), ("upstream_error", failed.value), ("error", refused.value), ("cancelled", cancelled.value)]
    }

    /// Passes the call on and counts how it ended: a failure with its head, a stream with its last byte.
    public func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        let start = ContinuousClock.now
        do {
            var response = try await next(call, context)
            if response.status >= 400 || response.document?.root["isError"]?.bool == true && response.form == .toolResult {
                end(failed, start: start)
            } else if case .stream(let stream) = response.body {
                response.body = .stream(CountedStream(stream) { self.end(self.counter(of: $0), start: start) })
            } else {
                end(succeeded, start: start)
            }
            return response
        } catch {
            end(counter(of: error), start: start)
            throw error
        }
    }

    private func end(_ outcome: Counter, start: ContinuousClock.Instant) {
        durations.record(ContinuousClock.now - start)
        outcome.increment()
    }

    private func counter(of error: (any Error)?) -> Counter {
        error.map { $0 is CancellationError ? cancelled : refused } ?? succeeded
    }
}
