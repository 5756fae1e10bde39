/// Counts what one call takes while its answer passes.
struct UsageMeter {
    /// About how many bytes of text make a token.
    private static let bytesPerToken = 4

    private var begun: UsageRecord
    private let requestBytes: Int
    private var usage: ChatUsage?
    private var contentBytes = 0
    /// Whether the provider did anything that it would charge for.
    private var hasWorked = false

    /// - Parameters:
    ///   - record: what is known before the call.
    ///   - requestBytes: the length of what the provider is sent.
    init(_ record: UsageRecord, requestBytes: Int) {
        begun = record
        self.requestBytes = requestBytes
    }

    /// How it ended.
    var outcome: UsageRecord.Outcome {
        get { begun.outcome }
        set { begun.outcome = newValue }
    }

    /// The provider has begun to answer: from here on a missing count is estimated.
    mutating func begin() { hasWorked = true }

    /// What the provider counts; of several the larger.
    mutating func take(_ counts: ChatUsage) { usage = usage?.merged(counts) ?? counts }

    /// More of the answer, in bytes of its texts.
    mutating func take(contentBytes: Int) { self.contentBytes += contentBytes }

    /// Events of a converted answer.
    mutating func take(_ events: [ChatEvent]) {
        for event in events {
            switch event {
            case .text(let text), .reasoning(let text), .refusal(let text), .callArguments(_, let text): contentBytes += text.utf8.count
            case .usage(let counts): take(counts)
            case .start, .signature, .redacted, .callStart, .callEnd, .logprobs, .citation, .end, .error: break
            }
        }
    }

    /// The record as it stands.
    var record: UsageRecord {
        var record = begun
        if let usage, usage != ChatUsage() {
            record.input = usage.input
            record.cachedInput = usage.cachedInput
            record.cacheWrite = usage.cacheWrite
            record.output = usage.output
            record.reasoning = usage.reasoning
            record.audioInput = usage.audioInput
            record.audioOutput = usage.audioOutput
        }
        // Nobody pays for an error, unless the provider says so.
        guard hasWorked, record.route.costsTokens, record.outcome != .failed else { return record }
        // An answer that broke off has at best the counts of its beginning.
        if record.input == 0 {
            record.input = Self.tokens(requestBytes)
            record.isEstimated = true
        }
        let output = Self.tokens(contentBytes)
        if output > 0, record.output == 0 || record.outcome != .served && record.output < output {
            record.output = output
            record.isEstimated = true
        }
        return record
    }

    private static func tokens(_ bytes: Int) -> Int { bytes / bytesPerToken + (bytes % bytesPerToken == 0 ? 0 : 1) }
}
