import HubCore
import NIOCore

/// Where a stream can be taken up again (2025-11-25 transports, "Resumability and Redelivery").
struct ResumePoint {
    /// The last event that came; nil: none had an id.
    var lastEventID: String?
    /// How long the server wants the hub to wait.
    var retry: Duration?

    /// Notes an event.
    mutating func note(_ event: ServerSentEvent) {
        // An id goes back in a header field.
        if let id = event.id, !id.isEmpty, id.utf8.count <= 1024, id.utf8.allSatisfy({ $0 > 0x1F && $0 < 0x7F }) { lastEventID = id }
        if let retry = event.retry { self.retry = .milliseconds(min(max(retry, 0), 60_000)) }
    }
}

/// Reads the answer to one request.
enum AnswerReader {
    /// The result in a JSON text.
    static func result(of id: Int, in text: ByteBuffer, other: (ServerMessage) -> Void) throws -> JSONDocument {
        for message in try ServerMessage.read(text) {
            guard let result = try take(message, id: id, other: other) else { continue }
            return result
        }
        throw HubError.noMCP()
    }

    /// The result in a stream of events; nil where the stream ended, or broke off where it can be taken up again.
    static func result(
        of id: Int, in events: inout ServerEvents, point: inout ResumePoint, isBounded: Bool = true, other: (ServerMessage) -> Void
    ) async throws -> JSONDocument? {
        var count = 0
        while let event = try await next(in: &events, point: point) {
            point.note(event)
            count += 1
            guard count <= SessionLimits.events || !isBounded else {
                throw HubError(.tooLarge, "The server said too much before its result")
            }
            guard event.event == nil || event.event == "message", !event.data.isEmpty else { continue }
            for message in try ServerMessage.read(ByteBuffer(string: event.data)) {
                if let result = try take(message, id: id, other: other) { return result }
            }
        }
        return nil
    }

    private static func next(in events: inout ServerEvents, point: ResumePoint) async throws -> ServerSentEvent? {
        do {
            return try await events.next()
        } catch let error as HubError {
            let isBreak = (error.code == .upstreamFailed || error.code == .upstreamTimeout) && !error.isNoMCP
            guard isBreak, point.lastEventID != nil else { throw error }
            return nil
        }
    }

    private static func take(_ message: ServerMessage, id: Int, other: (ServerMessage) -> Void) throws -> JSONDocument? {
        switch message {
        case .answer(let answered, .success(let result)): return answered == id ? try result.detached() : nil
        case .answer(let answered, .failure(let error)):
            guard answered == id || answered == nil else { return nil }
            throw error
        case .request, .notification:
            other(message)
            return nil
        }
    }
}
