import HubCore

/// Whoever hears what a server says of its own accord, for as long as they are there.
struct WeakObserver: Sendable {
    private weak let observer: (any SessionObserver)?
    /// Whether anybody wanted to hear.
    let isWanted: Bool

    init(_ observer: (any SessionObserver)?) {
        self.observer = observer
        isWanted = observer != nil
    }

    /// Passes on what a notification says of changes; false where it is about something else.
    @discardableResult
    func take(_ notification: JSONRPCEnvelope) -> Bool {
        switch notification.method {
        case "notifications/tools/list_changed": observer?.changed(.tools)
        case "notifications/prompts/list_changed": observer?.changed(.prompts)
        case "notifications/resources/list_changed": observer?.changed(.resources)
        case "notifications/resources/updated":
            if let uri = notification.params?["uri"]?.string { observer?.updated(resource: uri) }
        default: return false
        }
        return true
    }

    /// Nobody knows what changed while there was no stream: all of it may have.
    func missed(_ kinds: [ChangeKind], resources: some Sequence<String> = []) {
        for kind in kinds { observer?.changed(kind) }
        for uri in resources { observer?.updated(resource: uri) }
    }

    /// The session has ended.
    func ended(_ error: HubError?) { observer?.ended(error) }
}
