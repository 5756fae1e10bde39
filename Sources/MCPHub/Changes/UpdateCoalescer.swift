import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Makes one update of a resource of many that come at once: the first is told at once, the rest of each interval at its end.
final class UpdateCoalescer: Sendable {
    /// The least time between two updates of one resource.
    static let interval = Duration.milliseconds(50)

    private let timers: TimerTable
    private let deliver: @Sendable (ResourceSubscriptions.Key) -> Void
    /// The resources that were told of just now, and whether another update has come since.
    private let recent = NIOLockedValueBox<[ResourceSubscriptions.Key: Bool]>([:])

    init(timers: TimerTable, deliver: @escaping @Sendable (ResourceSubscriptions.Key) -> Void) {
        self.timers = timers
        self.deliver = deliver
    }

    /// Takes an update of a resource that somebody wants to hear of.
    func updated(_ key: ResourceSubscriptions.Key) {
        let isFirst = recent.withLockedValue { recent in
            let isFirst = recent[key] == nil
            recent[key] = !isFirst
            return isFirst
        }
        if isFirst { tell(key) }
    }

    private func tell(_ key: ResourceSubscriptions.Key) {
        deliver(key)
        _ = timers.add(due: .now + Self.interval) { [weak self] in self?.passed(key) }
    }

    private func passed(_ key: ResourceSubscriptions.Key) {
        let isDue = recent.withLockedValue { recent in
            let isDue = recent[key] == true
            recent[key] = isDue ? false : nil
            return isDue
        }
        if isDue { tell(key) }
    }
}
