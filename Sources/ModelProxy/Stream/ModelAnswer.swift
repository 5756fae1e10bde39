import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Hands a provider's answer to the caller: status and bytes as they came, header fields by an allow-list.
///
/// 1. 401 and 403 are about the hub's credential, not the caller's: 502, which is not worth trying again.
/// 2. A redirect is not followed and would lead the caller past the hub, and other statuses below 200 or above 599 end no exchange: 502.
/// 3. A complete body is one answer.
/// 4. Events pass as they come, each whole. When they break off, or the hub stops, the last event says so.
/// 5. Any other stream passes as it comes. When it breaks off, the connection is cut: the only honest end of half a body.
struct ModelAnswer {
    let response: CallResponse
    let writer: any ResponseWriter
    let timers: TimerTable
    let logger: Logger

    /// Sends it to its end.
    ///
    /// - Throws: where the caller has gone, or must see a cut.
    func send() async throws {
        if let refusal {
            if case .stream(let stream) = response.body { stream.cancel() }
            return try await writer.refuse(refusal)
        }
        var head = HTTPResponse(status: .init(code: response.status), headerFields: ModelFields.response(response.fields))
        switch response.body {
        case .complete(let body):
            try await writer.respond(head, body: body)
        case .stream(let stream):
            defer { stream.cancel() }
            if response.contentType.flatMap({ MediaType($0) })?.essence == "text/event-stream" {
                head.headerFields[.cacheControl] = "no-cache, no-transform"
                head.headerFields[.accelBuffering] = "no"
                try await writer.begin(head)
                try await relayEvents(stream)
            } else {
                try await writer.begin(head)
                while let piece = try await stream.next() { try await writer.write(piece) }
                try await writer.end()
            }
        }
    }

    private var refusal: OpenAIError? {
        switch response.status {
        case 401, 403:
            logger.warning("the provider refused the hub's credential", metadata: ["status": "\(response.status)"])
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

    private func relayEvents(_ stream: any BodyStream) async throws {
        var events = WholeEvents()
        let keepAlive = KeepAlive(writer: writer, timers: timers)
        defer { keepAlive.stop() }
        var failure: OpenAIError?
        do {
            while let piece = try await stream.next() {
                guard let bytes = events.take(piece) else { continue }
                await keepAlive.willWrite()
                try await writer.write(bytes)
                keepAlive.didWrite(isBetweenEvents: !events.isInsideEvent)
            }
        } catch let error as HubError {
            failure = OpenAIError(error)
        } catch is CancellationError {
            stream.cancel()  // now: the farewell may have to wait for its reader
            failure = .stopping  // or the caller has gone, and nobody hears it
        }
        await keepAlive.willWrite()
        if let failure {
            try await writer.write(Self.lastEvent(for: failure, isInsideEvent: events.isInsideEvent))
        } else if let rest = events.rest() {
            try await writer.write(rest)
        }
        try await writer.end()
    }

    /// The event that ends a stream which broke off: clients of the protocol raise it. Never `[DONE]`, which would make the answer whole.
    private static func lastEvent(for error: OpenAIError, isInsideEvent: Bool) -> ByteBuffer {
        var bytes = ByteBuffer()
        // A long event of which half is out cannot be taken back; ended, it is read as the broken JSON that it is.
        if isInsideEvent { bytes.writeStaticString("\n\n") }
        SSEEncoder.write(json: error.json, to: &bytes)
        return bytes
    }
}
