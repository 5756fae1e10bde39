import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Hands a provider's answer to a caller of another dialect.
///
/// 1. An answer with a status of failure is an error of the caller's dialect; so is one with a status of success that is none.
/// 2. An answer that came in one piece goes in one piece, or as all events of a stream at once, as the caller wants it.
/// 3. Of a stream, nothing is sent before the first event that says something, so that an error instead of it has a status of its own, unless
///    the provider is silent for so long that a comment has to go. From there on each event goes as it comes, and an error is the last.
struct ConvertedAnswer {
    let plan: ModelPlan
    let conversion: ModelPlan.Conversion
    let provider: ProviderDialect
    let response: CallResponse
    let writer: any ResponseWriter
    let timers: TimerTable
    let logger: Logger
    let requestID: String
    /// Seconds since 1970.
    let now: Int64

    /// The largest answer in one piece, in bytes.
    private static let maximumBytes = 48 << 20
    /// The largest error.
    private static let maximumErrorBytes = 256 << 10

    /// Sends it to its end.
    ///
    /// - Throws: where the caller has gone.
    func send(_ meter: inout UsageMeter) async throws {
        defer { if case .stream(let stream) = response.body { stream.cancel() } }
        if let refusal = response.refusal(logger) {
            meter.outcome = .failed
            return try await writer.refuse(refusal, in: plan.dialect, requestID: requestID)
        }
        guard response.status < 300 else {
            // An error that cannot be read is still the error of its status.
            let body = (try? await response.body.collect(upTo: Self.maximumErrorBytes)) ?? ByteBuffer()
            return try await refuse(ProviderError(status: response.status, fields: response.fields, body: body, now: now), &meter)
        }
        meter.begin()
        if case .stream(let stream) = response.body, plan.isStreaming, !isWhole { return try await relay(stream, &meter) }
        let events: [ChatEvent]
        do {
            events = self.events(of: try await response.body.collect(upTo: Self.maximumBytes))
        } catch let error as HubError {
            events = [.error(ProviderError(error))]
        } catch is CancellationError {
            events = [.error(.stopping)]
        }
        meter.take(events)
        let answer = ChatAnswer(events)
        if let error = answer.error { return try await refuse(error, &meter) }
        var head = HTTPResponse(status: .ok, headerFields: ModelFields.converted(response.fields))
        if plan.isStreaming {
            var (encoder, body) = (plan.dialect.answerEncoder(conversion.frame), ByteBuffer())
            for event in events { encoder.write(event, to: &body) }
            try await writer.respond(eventHead, body: body)
        } else {
            head.headerFields[.contentType] = "application/json"
            try await writer.respond(head, body: plan.dialect.body(answer, conversion.frame))
        }
        meter.outcome = .served
    }

    /// Whether it came in one piece, asked for in pieces or not.
    private var isWhole: Bool { response.mediaType == "application/json" }

    private var callIDSeed: String { "call_\(requestID)" }

    private var eventHead: HTTPResponse {
        var head = HTTPResponse(status: .ok, headerFields: ModelFields.events(ModelFields.converted(response.fields)))
        head.headerFields[.contentType] = "text/event-stream"
        return head
    }

    /// All events of an answer: some providers stream to whoever asks, and some answer in one piece.
    private func events(of body: ByteBuffer) -> [ChatEvent] {
        guard response.mediaType == "text/event-stream" || plan.isStreaming && !isWhole else {
            return ChatAnswer.events(of: body, in: provider, names: conversion.names, callIDSeed: callIDSeed)
        }
        var stream = AnswerStream(provider, names: conversion.names, callIDSeed: callIDSeed)
        return stream.take(body) + stream.finish()
    }

    private func refuse(_ error: ProviderError, _ meter: inout UsageMeter) async throws {
        meter.outcome = .failed
        if error.kind == .authentication { logger.warning("the provider refused the hub's credential") }
        try await writer.refuse(error, in: plan.dialect, requestID: requestID, fields: ModelFields.converted(response.fields))
    }

    private func relay(_ upstream: any BodyStream, _ meter: inout UsageMeter) async throws {
        var stream = AnswerStream(provider, names: conversion.names, callIDSeed: callIDSeed)
        var encoder = plan.dialect.answerEncoder(conversion.frame)
        var bytes = ByteBuffer()
        var isCommitted = false
        var outcome = UsageRecord.Outcome.served
        let late = LateHead(eventHead, writer: writer)
        let keepAlive = KeepAlive(writer: late, timers: timers)
        defer { keepAlive.stop() }
        while !stream.isOver {
            var events: [ChatEvent]
            do {
                if let piece = try await upstream.next() { events = stream.take(piece) } else { events = stream.finish() }
            } catch let error as HubError {
                events = stream.fail(ProviderError(error))
            } catch is CancellationError {
                upstream.cancel()  // now: the farewell may have to wait for its reader
                events = stream.fail(.stopping)  // or the caller has gone, and nobody hears it
            }
            guard !events.isEmpty else { continue }
            meter.take(events)
            await keepAlive.willWrite()
            if events.contains(where: \.isContent) { isCommitted = true }
            if case .error(let error) = events.last {
                guard isCommitted || late.hasBegun else { return try await refuse(error, &meter) }
                outcome = .interrupted
            }
            for event in events { encoder.write(event, to: &bytes) }
            if (isCommitted || late.hasBegun), bytes.readableBytes > 0 {
                try await late.write(bytes)
                bytes = ByteBuffer()
            }
            keepAlive.didWrite(isBetweenEvents: true)
        }
        await keepAlive.willWrite()
        try await late.end()
        meter.outcome = outcome
    }
}

extension ChatEvent {
    /// Whether it is part of the answer, so that there is no way back to an error with a status.
    fileprivate var isContent: Bool {
        switch self {
        case .start, .usage, .error: false
        case .text, .reasoning, .signature, .redacted, .callStart, .callArguments, .callEnd, .refusal, .logprobs, .citation, .end: true
        }
    }
}
