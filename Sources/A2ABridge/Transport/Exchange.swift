import HTTPTypes
import HubCore
import Logging
import NIOCore

extension HTTPField.Name {
    /// Keeps proxies of nginx from collecting a stream before they pass it on.
    static let accelBuffering = HTTPField.Name("x-accel-buffering") ?? .via
    /// The last event that a client had (HTML standard, §9.2.4).
    static let lastEventID = HTTPField.Name("last-event-id") ?? .via
}

extension ResponseWriter {
    /// Answers with JSON.
    ///
    /// - Parameter type: the media type; nil is that of JSON.
    func answer(_ status: Int, json: ByteBuffer, type: String? = nil, fields: HTTPFields = [:]) async throws {
        var head = HTTPResponse(status: HTTPResponse.Status(code: status), headerFields: fields)
        head.headerFields[.contentType] = type ?? "application/json"
        try await respond(head, body: json)
    }

    /// Answers that a method is not served.
    func refuseMethod(_ allowed: [String]) async throws {
        let head = HTTPResponse(status: .methodNotAllowed, headerFields: [.allow: allowed.joined(separator: ", ")])
        try await respond(head, body: ByteBuffer())
    }

    /// Begins a stream of events.
    func beginEvents(fields: HTTPFields) async throws {
        var head = HTTPResponse(status: .ok, headerFields: fields)
        head.headerFields[.contentType] = "text/event-stream"
        head.headerFields[.cacheControl] = "no-cache, no-transform"
        head.headerFields[.accelBuffering] = "no"
        try await begin(head)
    }
}

extension InboundRequest {
    /// The query without its question mark; nil where there is none.
    var query: Substring? {
        guard let path = head.path, let mark = path.firstIndex(of: "?") else { return nil }
        return path[path.index(after: mark)...]
    }
}

extension JSONDocument {
    /// Parses a caller's message.
    convenience init(message: ByteBuffer) throws(A2AFailure) {
        do throws(JSONParseError) {
            try self.init(parsing: message, limits: .message)
        } catch {
            throw A2AFailure(error.reason == .tooLarge ? .tooLarge : .parseError, "The body is not JSON: \(error)")
        }
    }
}

extension A2AFailure {
    /// What a caller is told of an error.
    ///
    /// - Throws: `CancellationError`, of which nobody is told.
    init(of error: any Error, in request: InboundRequest) throws {
        switch error {
        case let error as A2AFailure: self = error
        case let error as WireProblem: self.init(error)
        case let error as HubError where error.code != .internal && error.code != .cancelled: self.init(error)
        case is CancellationError: throw error
        default:
            request.logger.error("an agent failed to answer", metadata: ["error": "\(error)"])
            self.init(.internal, "The hub failed to answer")
        }
    }

    /// How long a client should wait before it tries again.
    var fields: HTTPFields { code == .overloaded || code == .rateLimited ? [.retryAfter: "1"] : [:] }
}
