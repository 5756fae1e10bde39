import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Hands a provider's answer to a caller of the same dialect: status and bytes as they came, header fields by an allow-list.
///
/// 1. 401 and 403 are about the hub's credential, not the caller's: 502, which is not worth trying again.
/// 2. A redirect is not followed and would lead the caller past the hub, and other statuses below 200 or above 599 end no exchange: 502.
/// 3. A complete body is one answer, or an error with a status of success, which gets the status it should have.
/// 4. Events pass as they come, each whole; those that only announce an answer wait for the first that says something, so that an error
///    instead of it has a status. When they break off, or the hub stops, the last event says so.
/// 5. Any other stream passes as it comes. When it breaks off, the connection is cut: the only honest end of half a body.
struct ModelAnswer {
    let plan: ModelPlan
    let response: CallResponse
    let writer: any ResponseWriter
    let timers: TimerTable
    let logger: Logger
    let requestID: String

    /// How much of an answer in pieces is kept to read its counts from.
    private static let maximumCountedBytes = 8 << 20

    /// Sends it to its end.
    ///
    /// - Throws: where the caller has gone, or must see a cut.
    func send(_ meter: inout UsageMeter) async throws {
        if let refusal = response.refusal(logger) {
            if case .stream(let stream) = response.body { stream.cancel() }
            meter.outcome = .failed
            return try await writer.refuse(refusal, in: plan.dialect, requestID: requestID)
        }
        let isSuccess = response.status < 300
        if isSuccess { meter.begin() }
        let head = HTTPResponse(status: .init(code: response.status), headerFields: ModelFields.response(response.fields))
        switch response.body {
        case .complete(let body):
            if isSuccess, let error = count(body, &meter) {
                meter.outcome = .failed
                return try await writer.refuse(
                    error, in: plan.dialect, requestID: requestID, fields: ModelFields.converted(response.fields))
            }
            try await writer.respond(head, body: body)
            meter.outcome = isSuccess ? .served : .failed
        case .stream(let stream):
            defer { stream.cancel() }
            if response.mediaType == "text/event-stream" {
                try await EventRelay(answer: self, stream: stream).run(head, &meter)
            } else {
                try await writer.begin(head)
                try await relayBytes(stream, isCounted: isSuccess, &meter)
                try await writer.end()
                meter.outcome = isSuccess ? .served : .failed
            }
        }
    }

    private func relayBytes(_ stream: any BodyStream, isCounted: Bool, _ meter: inout UsageMeter) async throws {
        var kept: ByteBuffer? = isCounted ? ByteBuffer() : nil
        while let piece = try await stream.next() {
            if let held = kept?.readableBytes {
                if held + piece.readableBytes <= Self.maximumCountedBytes {
                    kept?.writeImmutableBuffer(piece)
                } else {
                    kept = nil
                    meter.take(contentBytes: held)
                }
            }
            if isCounted, kept == nil { meter.take(contentBytes: piece.readableBytes) }
            try await writer.write(piece)
        }
        if let kept { _ = count(kept, &meter) }
    }

    /// Takes the counts of an answer in one piece; gives the error that it is.
    private func count(_ body: ByteBuffer, _ meter: inout UsageMeter) -> ProviderError? {
        // Why it does not parse helps nobody: it passes as it is.
        guard let root = try? JSONDocument(parsing: body, limits: .payload).root, root.kind == .object else { return nil }
        let message = PassedMessage(whole: root, dialect: plan.dialect)
        if let usage = message.usage { meter.take(usage) }
        meter.take(contentBytes: message.contentBytes)
        return message.error
    }
}

extension CallResponse {
    /// The media type without parameters.
    var mediaType: String? { contentType.flatMap { MediaType($0) }?.essence }

    /// What the caller is told in place of an answer that is none of its business.
    func refusal(_ logger: Logger) -> OpenAIError? {
        switch status {
        case 401, 403:
            logger.warning("the provider refused the hub's credential", metadata: ["status": "\(status)"])
            return OpenAIError(
                .badGateway, .upstream, "The provider refused the hub's credential", code: "upstream_refused",
                fields: [.shouldRetry: "false"])
        case 300..<400:
            return OpenAIError(
                .badGateway, .upstream, "The provider redirects, which is not followed", code: "upstream_failed",
                fields: [.shouldRetry: "false"])
        case 200..<600: return nil
        default: return OpenAIError(.badGateway, .upstream, "The provider's answer makes no sense", code: "upstream_failed")
        }
    }
}
