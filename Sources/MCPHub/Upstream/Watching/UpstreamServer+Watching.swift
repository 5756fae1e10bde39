import HubCore
import Logging
import NIOConcurrencyHelpers

extension UpstreamServer {
    /// Begins to watch a resource for as long as anybody does; false where there is no room.
    public func watch(resource uri: String) -> Bool {
        guard uri.utf8.count <= ListedLength.uri else { return false }
        switch watches.add(uri) {
        case .first: wakeup.ring()
        case .another: break
        case .refused: return false
        }
        return true
    }

    /// Ends what one call of `watch` began that gave true.
    public func unwatch(resource uri: String) {
        if watches.remove(uri) { wakeup.ring() }
    }

    /// Waits until the server has been told of what is watched now, for so long as a client may wait that it has subscribed. A server that is
    /// away is told when it is back.
    public func watchesSettle() async {
        guard standing.withLockedValue(\.directory) != nil else { return }
        await watches.settle(until: environment.now() + Self.settling, timers: environment.timers)
    }

    private static var settling: Duration { .seconds(2) }

    /// Tells the server what is watched, where that has changed.
    func passWatches() async {
        guard let (session, _) = standing.withLockedValue(\.directory), let changed = watches.takeChanged() else { return }
        let due = environment.now() + settings.listLimit
        do {
            try await LimitedWork.run(until: due, timers: environment.timers, late: HubError(.upstreamTimeout, "it did not answer in time"))
            {
                await session.watch(changed.uris)
                try Task.checkCancellation()  // not all of it
            }
            watches.told(changed.change)
        } catch {
            environment.logger.debug("an MCP server was not told what is watched", metadata: ["server": "\(name)", "error": "\(error)"])
            guard !Task.isCancelled else { return }
            // What it was told stays: the rest is told after what else there is to do.
            watches.setChanged()
            _ = environment.timers.add(due: environment.now() + LifeStateMachine.shortestDelay) { [wakeup] in wakeup.ring() }
        }
    }

    /// A resource has changed. Some servers name one below the one that is watched, so that all they name is passed on.
    func updated(resource uri: String, from observer: DirectoryObserver) {
        guard uri.utf8.count <= ListedLength.uri, !watches.isEmpty, standing.withLockedValue({ $0.isCurrent(observer) }) else { return }
        environment.updated(name, uri)
    }
}
