import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The way out for one request, whatever is tried before its answer. Used by the one task that answers; ends with `stop`.
///
/// Until the first byte of the answer it may become another one, with another status. A stream for which a comment has gone out has had its
/// head, and can only go on as events.
final class ModelReply: Sendable {
    private let dialect: CallerDialect
    private let requestID: String
    private let timers: TimerTable
    private let late: LateHead
    private let comments = NIOLockedValueBox<KeepAlive?>(nil)

    /// The largest error that is told inside a stream.
    private static let maximumErrorBytes = 256 << 10

    init(to writer: any ResponseWriter, in dialect: CallerDialect, requestID: String, timers: TimerTable) {
        self.dialect = dialect
        self.requestID = requestID
        self.timers = timers
        late = LateHead(writer: writer)
    }

    /// Whether the head has gone out.
    var hasBegun: Bool { late.hasBegun }

    /// Events are to come: while they do not, there are comments.
    func expectEvents(_ fields: HTTPFields) {
        late.replace(with: HTTPResponse(status: .ok, headerFields: ModelFields.events(fields)))
        comments.withLockedValue { if $0 == nil { $0 = KeepAlive(writer: late, timers: timers) } }
    }

    /// Sends an answer in the caller's dialect to its end.
    ///
    /// - Throws: where the caller has gone, or must see a cut.
    func send(_ response: CallResponse, meter: UsageMeter) async throws {
        let isEvents = response.isEvents && response.status < 300
        let comments = comments.withLockedValue { $0 }
        await comments?.willWrite()
        if late.hasBegun, !isEvents {
            // What cannot be read is still an error.
            let body = (try? await response.body.collect(upTo: Self.maximumErrorBytes)) ?? ByteBuffer()
            // An answer in one piece has no place behind a comment, and is not the request's fault.
            let status = response.status < 400 ? 502 : response.status
            let error = ProviderError(status: status, fields: response.fields, body: body, now: 0)
            meter.ending = .interrupted
            try await late.write(dialect.lastEvent(OpenAIError(error), requestID: requestID))
            try await late.end()
            return meter.finish()
        }
        let head = HTTPResponse(status: .init(code: response.status), headerFields: response.fields)
        switch response.body {
        case .complete(let body): try await late.respond(head, body: body)
        case .stream(let stream):
            defer { stream.cancel() }
            if isEvents { expectEvents(response.fields) } else { try await late.begin(head) }
            try await pass(stream)
            try await late.end()
        }
        meter.finish()
    }

    private func pass(_ stream: any BodyStream) async throws {
        let comments = comments.withLockedValue { $0 }
        comments?.didWrite(isBetweenEvents: true)  // if anything, a comment
        while let piece = try await stream.next() {
            await comments?.willWrite()
            try await late.write(piece)
            comments?.didWrite(isBetweenEvents: piece.endsEvent)
        }
        await comments?.willWrite()
    }

    /// To be called once, however it ended.
    func stop() { comments.withLockedValue { $0 }?.stop() }
}

extension CallResponse {
    /// The media type without parameters.
    var mediaType: String? { contentType.flatMap { MediaType($0) }?.essence }

    /// Whether it is a stream of events.
    var isEvents: Bool { mediaType == "text/event-stream" }
}

extension ByteBuffer {
    /// Whether a blank line is the last of it, which ends an event.
    fileprivate var endsEvent: Bool {
        func byte(_ back: Int) -> UInt8? { readableBytes >= back ? getInteger(at: writerIndex - back) : nil }
        switch (byte(2), byte(1)) {
        case (0x0A, 0x0A), (0x0D, 0x0D): return true
        case (0x0D, 0x0A): return byte(4) == 0x0D && byte(3) == 0x0A
        default: return false
        }
    }
}
