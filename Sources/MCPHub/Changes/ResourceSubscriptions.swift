import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// One watch of one resource at its server: ends with the last that holds it.
final class ResourceWatch: Sendable {
    let origin: any MCPOrigin
    let uri: String

    /// Nil where the server is asked to watch too much already.
    init?(origin: any MCPOrigin, uri: String) {
        guard origin.watch(resource: uri) else { return nil }
        self.origin = origin
        self.uri = uri
    }

    deinit { origin.unwatch(resource: uri) }
}

/// Which clients want to hear of the updates of which resources.
///
/// A watch is begun and given up outside the lock: servers may answer at once.
final class ResourceSubscriptions: Sendable {
    /// Who wants to hear.
    enum Subscriber: Sendable, Hashable {
        /// A place in the broadcaster.
        case listener(Int)
        /// A session of the handshake era, on whichever stream it has.
        case session(UInt128)
    }

    /// A resource of a server.
    struct Key: Sendable, Hashable {
        var server: String
        var uri: String
    }

    private struct Subscription {
        var entry: String
        var watches: [String: ResourceWatch] = [:]
    }

    private struct State {
        var subscriptions: [Subscriber: Subscription] = [:]
        var subscribers: [Key: Set<Subscriber>] = [:]
        /// The watches of all of them.
        var count = 0

        mutating func remove(_ watch: ResourceWatch, of subscriber: Subscriber) {
            let key = Key(server: watch.origin.name, uri: watch.uri)
            subscribers[key]?.remove(subscriber)
            if subscribers[key]?.isEmpty == true { subscribers[key] = nil }
        }

        mutating func insert(_ watch: ResourceWatch, of subscriber: Subscriber) -> ResourceWatch? {
            subscribers[Key(server: watch.origin.name, uri: watch.uri), default: []].insert(subscriber)
            let earlier = subscriptions[subscriber]?.watches.updateValue(watch, forKey: watch.uri)
            if earlier == nil { count += 1 }
            return earlier
        }
    }

    /// How many resources one client hears of, and how many clients hear of any.
    static let maximumPerSubscriber = ClientBounds.resources
    static let maximumSubscribers = 10_000
    /// How many resources all of them hear of together, and how long the address of one may be.
    static let maximumWatches = 50_000
    private static let longestAddress = ListedLength.uri

    private let refusals: BoundRefusals
    private let state = NIOLockedValueBox(State())

    init(refusals: BoundRefusals) { self.refusals = refusals }

    /// How many there are, those of all clients together.
    var count: Int { state.withLockedValue { $0.count } }

    /// Subscribes to a resource; once more is no more. False where there is no room.
    func subscribe(_ subscriber: Subscriber, entry: String, to uri: String, at origin: any MCPOrigin) -> Bool {
        let isKnown = state.withLockedValue { $0.subscriptions[subscriber]?.watches[uri]?.origin === origin }
        if isKnown { return true }
        guard uri.utf8.count <= Self.longestAddress, let watch = ResourceWatch(origin: origin, uri: uri) else { return false }
        let (isTaken, replaced): (Bool, ResourceWatch?) = state.withLockedValue { state in
            let subscription = state.subscriptions[subscriber]
            guard subscription != nil || state.subscriptions.count < Self.maximumSubscribers,
                (subscription?.watches.count ?? 0) < Self.maximumPerSubscriber, state.count < Self.maximumWatches
            else { return (false, nil) }
            if subscription == nil { state.subscriptions[subscriber] = Subscription(entry: entry) }
            if let old = subscription?.watches[uri] { state.remove(old, of: subscriber) }
            return (true, state.insert(watch, of: subscriber))
        }
        _ = consume replaced
        if !isTaken { refusals.count(.subscriptions) }
        return isTaken
    }

    /// Ends one subscription.
    func unsubscribe(_ subscriber: Subscriber, from uri: String) {
        let watch = state.withLockedValue { state -> ResourceWatch? in
            guard let watch = state.subscriptions[subscriber]?.watches.removeValue(forKey: uri) else { return nil }
            state.count -= 1
            state.remove(watch, of: subscriber)
            if state.subscriptions[subscriber]?.watches.isEmpty == true { state.subscriptions[subscriber] = nil }
            return watch
        }
        _ = consume watch
    }

    /// Ends all that a client subscribed to.
    func release(_ subscriber: Subscriber) {
        let watches = state.withLockedValue { state -> [ResourceWatch] in
            guard let subscription = state.subscriptions.removeValue(forKey: subscriber) else { return [] }
            state.count -= subscription.watches.count
            for watch in subscription.watches.values { state.remove(watch, of: subscriber) }
            return Array(subscription.watches.values)
        }
        _ = consume watches
    }

    /// Whether a client has subscribed to anything.
    func contains(_ subscriber: Subscriber) -> Bool { state.withLockedValue { $0.subscriptions[subscriber] != nil } }

    /// Who wants to hear of a resource.
    func subscribers(of key: Key) -> Set<Subscriber> { state.withLockedValue { $0.subscribers[key] ?? [] } }

    /// Watches the resources of an entry where they are now. What is nowhere at present, or not taken there, stays where it was: it may come
    /// back.
    func move(entry: String, to origin: (String) -> (any MCPOrigin)?) {
        let watches = state.withLockedValue { state in
            state.subscriptions.filter { $0.value.entry == entry }.flatMap { subscriber, subscription in
                subscription.watches.values.map { (subscriber, $0) }
            }
        }
        for (subscriber, watch) in watches {
            guard let origin = origin(watch.uri), origin !== watch.origin,
                let moved = ResourceWatch(origin: origin, uri: watch.uri)
            else { continue }
            state.withLockedValue { state in
                // Given up meanwhile: the new watch goes with the end of this round.
                guard state.subscriptions[subscriber]?.watches[watch.uri] === watch else { return }
                state.remove(watch, of: subscriber)
                _ = state.insert(moved, of: subscriber)  // the old one is held by `watches`
            }
        }
    }
}
