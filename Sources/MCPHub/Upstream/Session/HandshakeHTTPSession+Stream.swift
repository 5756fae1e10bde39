import HTTPTypes
import HubCore
import NIOCore

extension HandshakeHTTPSession {
    /// Keeps the stream of a GET open, on which the server says what belongs to no request.
    ///
    /// - Parameter opened: called when the first attempt has been answered, whichever way.
    func keepStream(opened: @escaping @Sendable () -> Void) async {
        var point = ResumePoint()
        var attempts = 0
        await Reconnection(timers: server.timers).run {
            defer { opened() }
            let isAgain = attempts > 0
            attempts += 1
            var fields = streamFields
            if let last = point.lastEventID { fields[.lastEventID] = last }
            let response = try await server.send(.get, fields: fields, principal: principal, deadline: .distantFuture)
            guard case .events(var events) = try await ServerAnswer(response) else {
                if response.status == 404 { _ = lose() }
                // 405: the server says nothing but answers. Where it lost its memory of the last event, it begins anew.
                defer { point.lastEventID = nil }
                return response.status < 500 && point.lastEventID == nil ? .over : .again(false, after: nil)
            }
            opened()
            if isAgain, point.lastEventID == nil { observer.missed(greeting.changing) }
            do {
                while let event = try await events.next() {
                    point.note(event)
                    guard event.event == nil || event.event == "message", !event.data.isEmpty else { continue }
                    for message in try ServerMessage.read(ByteBuffer(string: event.data)) { hear(message) }
                }
            } catch {
                events.cancel()
                guard error is HubError else { throw error }
            }
            return .again(true, after: point.retry)
        }
    }

    /// Takes what belongs to no request. A question is for the only call under way.
    private func hear(_ message: ServerMessage) {
        switch message {
        case .answer: break
        case .request(let question, let method, let params):
            questions.take(question, method: method, params: params, for: calls.asked, isGuess: true)
        case .notification(let notification):
            if notification.method == "notifications/cancelled" { return questions.cancel(notification.params?["requestId"]) }
            calls.hear(notification, observer: observer, isModern: false)
        }
    }
}
