import NIOConcurrencyHelpers

/// Counts what one call takes while it is tried and its answer passes.
final class UsageMeter: Sendable {
    /// About how many bytes of text make a token.
    private static let bytesPerToken = 4

    private struct State {
        var record: UsageRecord
        var ending = UsageRecord.Outcome.served
        var requestBytes = 0
        var usage: ChatUsage?
        var contentBytes = 0
        /// Whether the provider did anything that it would charge for.
        var hasWorked = false
        var onEnd: (@Sendable (ProviderError?) -> Void)?
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter record: what is known before the call.
    init(_ record: UsageRecord) { state = NIOLockedValueBox(State(record: record)) }

    /// Whether it has been handed to a provider, or answered in its place.
    var hasBegun: Bool { state.withLockedValue { !$0.record.attempts.isEmpty || $0.record.isFromCache } }

    /// Whether it was sent more than once.
    var hasFallenBack: Bool { state.withLockedValue { $0.record.attempts.count > 1 } }

    /// It is answered from the cache.
    func takeKept(_ destination: ModelDestination, model: String) {
        state.withLockedValue { state in
            state.record.provider = destination.service.provider.name
            state.record.providerModel = model
            state.record.isFromCache = true
        }
    }

    /// How it ends when the last byte of the answer that there is has gone out.
    var ending: UsageRecord.Outcome {
        get { state.withLockedValue { $0.ending } }
        set { state.withLockedValue { $0.ending = newValue } }
    }

    /// The last byte has gone out.
    func finish() {
        let onEnd = state.withLockedValue { state in
            defer { state.onEnd = nil }
            state.record.outcome = state.ending
            return state.onEnd
        }
        onEnd?(nil)
    }

    /// It is handed to a provider, whatever was counted before.
    ///
    /// - Parameters:
    ///   - requestBytes: the length of what the provider is sent.
    ///   - onEnd: hears once how it ended, with nil where the last byte has gone out; not where the caller or the hub ended it.
    func attempt(
        _ destination: ModelDestination, model: String, requestBytes: Int, onEnd: @escaping @Sendable (ProviderError?) -> Void
    ) {
        state.withLockedValue { state in
            state.record.provider = destination.service.provider.name
            state.record.providerModel = model
            state.record.attempts.append(UsageRecord.Attempt(service: destination.service.name, model: model))
            (state.requestBytes, state.usage, state.contentBytes, state.hasWorked) = (requestBytes, nil, 0, false)
            state.ending = .served
            state.onEnd = onEnd
        }
    }

    /// The last attempt failed; what is said later of the same changes nothing.
    func fail(_ error: ProviderError) {
        let onEnd = state.withLockedValue { state in
            defer { state.onEnd = nil }
            if state.onEnd != nil, let last = state.record.attempts.indices.last {
                state.record.attempts[last].failure = error.kind.rawValue
            }
            return state.onEnd
        }
        // That the hub stops or the caller leaves is nobody's failure.
        if error != .stopping { onEnd?(error) }
    }

    /// The provider has begun to answer: from here on a missing count is estimated.
    func begin() { state.withLockedValue { $0.hasWorked = true } }

    /// What the provider counts; of several the larger.
    func take(_ counts: ChatUsage) { state.withLockedValue { $0.usage = $0.usage?.merged(counts) ?? counts } }

    /// More of the answer, in bytes of its texts.
    func take(contentBytes: Int) { state.withLockedValue { $0.contentBytes += contentBytes } }

    /// Events of a converted answer.
    func take(_ events: [ChatEvent]) {
        var bytes = 0
        for event in events {
            switch event {
            case .text(let text), .reasoning(let text), .refusal(let text), .callArguments(_, let text): bytes += text.utf8.count
            case .usage(let counts): take(counts)
            case .start, .signature, .redacted, .callStart, .callEnd, .logprobs, .citation, .end, .error: break
            }
        }
        if bytes > 0 { take(contentBytes: bytes) }
    }

    /// The record as it stands.
    var record: UsageRecord { state.withLockedValue { Self.record($0) } }

    private static func record(_ state: State) -> UsageRecord {
        var record = state.record
        if let usage = state.usage, usage != ChatUsage() {
            record.input = usage.input
            record.cachedInput = usage.cachedInput
            record.cacheWrite = usage.cacheWrite
            record.output = usage.output
            record.reasoning = usage.reasoning
            record.audioInput = usage.audioInput
            record.audioOutput = usage.audioOutput
        }
        // Nobody pays for an error, unless the provider says so.
        guard state.hasWorked, record.route.costsTokens, record.outcome != .failed else { return record }
        // An answer that broke off has at best the counts of its beginning.
        if record.input == 0 {
            record.input = tokens(state.requestBytes)
            record.isEstimated = true
        }
        let output = tokens(state.contentBytes)
        if output > 0, record.output == 0 || record.outcome != .served && record.output < output {
            record.output = output
            record.isEstimated = true
        }
        return record
    }

    private static func tokens(_ bytes: Int) -> Int { bytes / bytesPerToken + (bytes % bytesPerToken == 0 ? 0 : 1) }
}
