import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Turns a provider's answer into the caller's, up to the point from which there is no way back to another one.
///
/// 1. 401 and 403 are about the hub's credential, not the caller's: 502, which is not worth trying again.
/// 2. A redirect is not followed and would lead the caller past the hub, and other statuses below 200 or above 599 end no exchange: 502.
/// 3. A status of failure is an error: the provider's own bytes for a caller of its dialect, otherwise in the caller's words. So is an answer
///    with a status of success that is none.
/// 4. An answer to a caller of another dialect is converted: in one piece, or event by event, as the caller wants it.
/// 5. For a caller of the same dialect its bytes pass: a complete body as one answer, events each whole, anything else as it comes. When that
///    breaks off, the connection is cut, the only honest end of half a body; where something else may be tried, it is waited for.
/// 6. Of a stream, nothing goes out before the first event that says something, but for comments.
struct AnswerOpening {
    let plan: ModelPlan
    let provider: ProviderDialect
    let requestID: String
    /// Seconds since 1970.
    let now: Int64
    /// Whether something else is tried where this fails.
    let isRetried: Bool
    let reply: ModelReply
    let meter: UsageMeter
    let logger: Logger

    /// The largest answer in one piece, in bytes.
    private static let maximumBytes = 48 << 20
    /// The largest error.
    private static let maximumErrorBytes = 256 << 10

    /// The caller's answer. Its body is read to the end, or given up.
    ///
    /// - Throws: `AttemptFailure`; `CancellationError`; what a body threw that is waited for.
    func open(_ response: CallResponse) async throws -> CallResponse {
        do {
            if let (error, refusal) = refusal(of: response) { throw failure(error, refusal) }
            guard response.status < 300 else { throw try await failure(of: response) }
            meter.begin()
            return if let conversion = plan.conversion {
                try await convert(response, conversion)
            } else if let count = plan.count {
                try await self.count(response, count)
            } else {
                try await pass(response)
            }
        } catch {
            if case .stream(let stream) = response.body { stream.cancel() }
            throw error
        }
    }

    // MARK: Failures

    /// What is said in place of an answer that is none of the caller's business.
    private func refusal(of response: CallResponse) -> (ProviderError, OpenAIError)? {
        func refuse(_ kind: ProviderError.Kind, _ message: String, code: String, isFinal: Bool = true) -> (ProviderError, OpenAIError) {
            let fields: HTTPFields = isFinal ? [.shouldRetry: "false"] : [:]
            return (ProviderError(kind, message), OpenAIError(.badGateway, .upstream, message, code: code, fields: fields))
        }
        switch response.status {
        case 401, 403:
            logger.warning("the provider refused the hub's credential", metadata: ["status": "\(response.status)"])
            return refuse(.authentication, "The provider refused the hub's credential", code: "upstream_refused")
        case 300..<400: return refuse(.server, "The provider redirects, which is not followed", code: "upstream_failed")
        case 200..<600: return nil
        default: return refuse(.server, "The provider's answer makes no sense", code: "upstream_failed", isFinal: false)
        }
    }

    private func failure(of response: CallResponse) async throws -> AttemptFailure {
        let body: ByteBuffer
        do {
            body = try await response.body.collect(upTo: Self.maximumErrorBytes)
        } catch let error as HubError {
            logger.debug("an error of the provider cannot be read", metadata: ["error": "\(error)"])
            // It is still the error of its status.
            return failure(ProviderError(status: response.status, fields: response.fields, body: ByteBuffer(), now: now), response.fields)
        }
        let error = ProviderError(status: response.status, fields: response.fields, body: body, now: now)
        // What is said of the hub's credential may show a part of it, and some say it with another status than 401.
        guard plan.isPassed, error.kind != .authentication else { return failure(error, response.fields) }
        return AttemptFailure(
            error: error,
            answer: CallResponse(status: response.status, fields: ModelFields.response(response.fields), body: .complete(body)))
    }

    private func failure(_ error: ProviderError, _ refusal: OpenAIError) -> AttemptFailure {
        AttemptFailure(error: error, answer: CallResponse(refusal, in: plan.dialect, requestID: requestID))
    }

    private func failure(_ error: ProviderError, _ fields: HTTPFields) -> AttemptFailure {
        if error.kind == .authentication { logger.warning("the provider refused the hub's credential") }
        return AttemptFailure(
            error: error,
            answer: CallResponse(error, in: plan.dialect, requestID: requestID, fields: ModelFields.converted(fields)))
    }

    // MARK: The caller's own dialect

    private func pass(_ response: CallResponse) async throws -> CallResponse {
        let fields = ModelFields.response(response.fields)
        let stream: any BodyStream
        switch response.body {
        case .complete(let body):
            guard response.isEvents else { return try whole(body, response, fields) }
            stream = WholeBody(body)
        case .stream(let body): stream = body
        }
        if response.isEvents {
            reply.expectEvents(fields)
            let events = PassedEvents(stream, plan: plan, requestID: requestID, meter: meter)
            do {
                try await events.open()
            } catch {
                // Half of what can be told: the words of the hub itself, where its own limit was passed.
                throw failure(error, response.fields)
            }
            (stream as? TimedStream)?.begin()
            return CallResponse(status: response.status, fields: ModelFields.events(fields), body: .stream(events))
        }
        let bytes = PassedBytes(stream, dialect: plan.dialect, meter: meter)
        if isRetried {
            do {
                if let body = try await bytes.open() { return try whole(body, response, fields) }
            } catch let error as HubError {
                throw failure(ProviderError(error), OpenAIError(error))
            }
            (stream as? TimedStream)?.begin()
        }
        return CallResponse(status: response.status, fields: fields, body: .stream(bytes))
    }

    private func whole(_ body: ByteBuffer, _ response: CallResponse, _ fields: HTTPFields) throws -> CallResponse {
        if let error = PassedMessage.count(body, dialect: plan.dialect, meter: meter) { throw failure(error, response.fields) }
        return CallResponse(status: response.status, fields: fields, body: .complete(body))
    }

    // MARK: Another dialect

    private func count(_ response: CallResponse, _ count: TokenCount) async throws -> CallResponse {
        let body = count.answer(try await response.body.collect(upTo: Self.maximumErrorBytes))
        guard let body else { throw failure(.damaged, response.fields) }
        return CallResponse(status: 200, contentType: "application/json", body: body)
    }

    private func convert(_ response: CallResponse, _ conversion: ModelPlan.Conversion) async throws -> CallResponse {
        let fields = ModelFields.converted(response.fields)
        var eventFields = ModelFields.events(fields)
        eventFields[.contentType] = "text/event-stream"
        // Some providers stream to whoever asks, and some answer in one piece.
        let isWhole = response.mediaType == "application/json"
        if case .stream(let upstream) = response.body, plan.isStreaming, !isWhole {
            reply.expectEvents(eventFields)
            let stream = ConvertedStream(
                upstream, stream: answerStream(conversion), encoder: plan.dialect.answerEncoder(conversion.frame), meter: meter)
            do {
                try await stream.open()
            } catch {
                throw failure(error, response.fields)
            }
            (upstream as? TimedStream)?.begin()
            return CallResponse(status: 200, fields: eventFields, body: .stream(stream))
        }
        let events: [ChatEvent]
        do {
            let body = try await response.body.collect(upTo: Self.maximumBytes)
            if response.isEvents || plan.isStreaming && !isWhole {
                var stream = answerStream(conversion)
                events = stream.take(body) + stream.finish()
            } else {
                events = ChatAnswer.events(of: body, in: provider, names: conversion.names, callIDSeed: callIDSeed)
            }
        } catch let error as HubError {
            events = [.error(ProviderError(error))]
        }
        meter.take(events)
        let answer = ChatAnswer(events)
        if let error = answer.error { throw failure(error, response.fields) }
        guard plan.isStreaming else {
            var head = fields
            head[.contentType] = "application/json"
            return CallResponse(status: 200, fields: head, body: .complete(plan.dialect.body(answer, conversion.frame)))
        }
        var (encoder, body) = (plan.dialect.answerEncoder(conversion.frame), ByteBuffer())
        for event in events { encoder.write(event, to: &body) }
        return CallResponse(status: 200, fields: eventFields, body: .complete(body))
    }

    private var callIDSeed: String { "call_\(requestID)" }

    private func answerStream(_ conversion: ModelPlan.Conversion) -> AnswerStream {
        AnswerStream(provider, names: conversion.names, callIDSeed: callIDSeed)
    }
}
