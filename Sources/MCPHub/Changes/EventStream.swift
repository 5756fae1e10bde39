import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// What waits to be written to one open stream: bounded, filled by many, drained by the stream's own task.
final class EventStream<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    /// A stream that holds at most `capacity` elements its reader has not taken.
    init(capacity: Int = 256) {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
    }

    /// Adds an element. A reader so slow that the stream is full loses the stream, not an element in its middle.
    func push(_ element: Element) {
        if case .dropped = continuation.yield(element) { continuation.finish() }
    }

    /// Ends the stream behind what is in it.
    func finish() { continuation.finish() }

    /// The elements, for the one reader.
    var elements: AsyncStream<Element> { stream }
}

/// Who listens for changes of which server, over every transport.
final class ChangeBroadcaster: Sendable {
    /// A place in the list; removed when its stream ends.
    struct Listener: Sendable {
        /// Called with every change of the tool list; must not block.
        let toolsChanged: @Sendable () -> Void
        /// Called every few seconds, so that idle connections stay in use.
        let keepAlive: @Sendable () -> Void
        /// Called when the hub stops, or another stream takes this one's place.
        let end: @Sendable () -> Void
    }

    private struct Entry {
        var entry: String
        var session: UInt128?
        var listener: Listener
    }

    private struct State {
        var next = 0
        var entries: [Int: Entry] = [:]
        var isDraining = false
    }

    private let state = NIOLockedValueBox(State())

    /// Adds a listener of a server. One that names a session replaces that session's earlier one (a message goes to one stream only,
    /// 2025-11-25 transports, "Multiple connections").
    func add(_ listener: Listener, entry: String, session: UInt128? = nil) -> Int {
        let (id, replaced, isDraining) = state.withLockedValue { state in
            let replaced = state.entries.filter { session != nil && $0.value.session == session }
            for key in replaced.keys { state.entries[key] = nil }
            state.next += 1
            if !state.isDraining { state.entries[state.next] = Entry(entry: entry, session: session, listener: listener) }
            return (state.next, replaced.values.map(\.listener), state.isDraining)
        }
        for listener in replaced { listener.end() }
        if isDraining { listener.end() }
        return id
    }

    func remove(_ id: Int) {
        state.withLockedValue { $0.entries[id] = nil }
    }

    /// Ends the stream of a session.
    func end(session: UInt128) { end { $0.session == session } }

    /// Ends the streams of a server.
    func end(entry: String) { end { $0.entry == entry } }

    private func end(where isEnded: (Entry) -> Bool) {
        let ended = state.withLockedValue { state in
            let ended = state.entries.filter { isEnded($0.value) }
            for key in ended.keys { state.entries[key] = nil }
            return ended.values.map(\.listener)
        }
        for listener in ended { listener.end() }
    }

    func toolsChanged(entry: String) {
        for listener in listeners(where: { $0.entry == entry }) { listener.toolsChanged() }
    }

    func keepAlive() {
        for listener in listeners(where: { _ in true }) { listener.keepAlive() }
    }

    /// Ends every stream and those that come later.
    func drain() {
        state.withLockedValue { $0.isDraining = true }
        for listener in listeners(where: { _ in true }) { listener.end() }
    }

    private func listeners(where isWanted: (Entry) -> Bool) -> [Listener] {
        state.withLockedValue { $0.entries.values.filter(isWanted).map(\.listener) }
    }
}
