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

extension SessionCalls {
    /// Passes on a notification on the stream of one request.
    func hear(_ notification: JSONRPCEnvelope, of id: Int, observer: WeakObserver) {
        guard notification.message.range.count <= SessionLimits.notification else { return }
        switch notification.method {
        case "notifications/progress": listener(token: notification.params?["progressToken"])?.notified(notification)
        case "notifications/message", ListenKeeper.acknowledgement: handler(of: id)?.notified(notification)
        default: observer.take(notification)
        }
    }

    /// Passes on a notification where those of all requests come together.
    func hear(_ notification: JSONRPCEnvelope, observer: WeakObserver) {
        guard notification.message.range.count <= SessionLimits.notification else { return }
        switch notification.method {
        case "notifications/progress": listener(token: notification.params?["progressToken"])?.notified(notification)
        case "notifications/message": for handler in handlers { handler.notified(notification) }
        case ListenKeeper.acknowledgement:
            guard let id = notification.params?["_meta"]?[MetaKey.subscriptionID]?.int else { return }
            handler(of: id)?.notified(notification)
        default: observer.take(notification)
        }
    }
}
