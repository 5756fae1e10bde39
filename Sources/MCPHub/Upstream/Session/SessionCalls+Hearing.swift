import HubCore

extension SessionCalls {
    /// 2025-11-25: the user has finished on a page that a server asked to be opened.
    static let pageDone = "notifications/elicitation/complete"

    /// Passes on a notification on the stream of one request.
    func hear(_ notification: JSONRPCEnvelope, of id: Int, observer: WeakObserver) {
        guard notification.message.range.count <= SessionLimits.notification else { return }
        switch notification.method {
        case "notifications/progress": listener(token: notification.params?["progressToken"])?.notified(notification)
        case "notifications/message", Self.pageDone, ListenKeeper.acknowledgement: handler(of: id)?.notified(notification)
        default: observer.take(notification)
        }
    }

    /// Passes on a notification where those of all requests come together.
    func hear(_ notification: JSONRPCEnvelope, observer: WeakObserver, isModern: Bool) {
        guard notification.message.range.count <= SessionLimits.notification else { return }
        switch notification.method {
        case "notifications/progress": listener(token: notification.params?["progressToken"])?.notified(notification)
        case "notifications/message": for handler in logListeners(isModern: isModern) { handler.notified(notification) }
        case Self.pageDone: for handler in handlersThatCanBeAsked { handler.notified(notification) }
        case ListenKeeper.acknowledgement:
            guard let id = notification.params?["_meta"]?[MetaKey.subscriptionID]?.int else { return }
            handler(of: id)?.notified(notification)
        default: observer.take(notification)
        }
    }
}
