import HTTPTypes
import HubCore
import Logging
import NIOCore

/// The way to one server over HTTP.
struct ServerHTTP: Sendable {
    let http: any OutboundHTTP
    /// Where it takes messages.
    var place = ServerPlace.address
    let timers: TimerTable
    let logger: Logger

    /// What every message carries.
    static let messageFields: HTTPFields = [.accept: "application/json, text/event-stream", .contentType: "application/json"]

    /// Sends one request.
    func send(
        _ method: HTTPRequest.Method, fields: HTTPFields, body: ByteBuffer? = nil, principal: Principal, deadline: NIODeadline
    ) async throws -> CallResponse {
        try await http.send(place.request(method, fields: fields, body: body), principal: principal, logger: logger, deadline: deadline)
    }
}

extension JSONRPCError {
    /// Whether it is about a session that is not there: the reference servers say so, in codes that are no help (-32600, -32000, -32001).
    var isAboutSession: Bool { message.utf8.count <= 256 && message.lowercased().contains("session") }
}
