import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Something that has become otherwise and that clients are told of.
enum Change: Sendable, Hashable {
    /// A list.
    case list(ChangeKind)
    /// The resource of an address.
    case resource(String)

    /// The notification of it; the members of its parameters but `_meta`.
    var method: String {
        switch self {
        case .list(let kind): "notifications/\(kind.rawValue)/list_changed"
        case .resource: "notifications/resources/updated"
        }
    }

    /// Writes the members of the parameters.
    func writeParams(to json: inout JSONWriter) {
        if case .resource(let uri) = self { json.member("uri", uri) }
    }

    /// The message for a client of a handshake session.
    var message: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        json.member("method", method)
        if case .resource = self {
            json.key("params")
            json.beginObject()
            writeParams(to: &json)
            json.endObject()
        }
        json.endObject()
        return json.buffer
    }
}

/// Who listens for changes of which server, over every transport.
final class ChangeBroadcaster: Sendable {
    /// A place in the list; removed when its stream ends.
    struct Listener: Sendable {
        /// Called with every change that concerns the listener; must not block.
        let changed: @Sendable (Change) -> Void
        /// Called every few seconds, so that idle connections stay in use.
        let keepAlive: @Sendable () -> Void
        /// Called when the hub stops, or another stream takes this one's place.
        let end: @Sendable () -> Void
    }

    private struct Entry {
        var entry: String
        var viewer: Principal
        var session: UInt128?
        var listener: Listener
    }

    private struct State {
        var next = 0
        var entries: [Int: Entry] = [:]
        /// The places of sessions.
        var sessions: [UInt128: Int] = [:]
        /// Who may hear of a resource, for servers that have been put together anew: what was subscribed to may be forbidden since.
        var readers: [String: @Sendable (_ uri: String, _ viewer: Principal) -> Bool] = [:]
        var isDraining = false

        mutating func remove(_ id: Int) -> Listener? {
            guard let entry = entries.removeValue(forKey: id) else { return nil }
            if let session = entry.session, sessions[session] == id { sessions[session] = nil }
            return entry.listener
        }
    }

    private let state = NIOLockedValueBox(State())

    /// Adds a listener of a server. One that names a session replaces that session's earlier one (a message goes to one stream only,
    /// 2025-11-25 transports, "Multiple connections").
    ///
    /// - Parameter viewer: whose lists are compared.
    func add(_ listener: Listener, entry: String, viewer: Principal, session: UInt128? = nil) -> Int {
        let (id, replaced, isDraining) = state.withLockedValue { state in
            let replaced = session.flatMap { state.sessions[$0] }.flatMap { state.remove($0) }
            state.next += 1
            if !state.isDraining {
                state.entries[state.next] = Entry(entry: entry, viewer: viewer, session: session, listener: listener)
                if let session { state.sessions[session] = state.next }
            }
            return (state.next, replaced, state.isDraining)
        }
        replaced?.end()
        if isDraining { listener.end() }
        return id
    }

    func remove(_ id: Int) {
        state.withLockedValue { _ = $0.remove(id) }
    }

    /// How many listen.
    var count: Int { state.withLockedValue { $0.entries.count } }

    /// Whether a session has a stream for what is not the answer to a request.
    func hasStream(session: UInt128) -> Bool { state.withLockedValue { $0.sessions[session] != nil } }

    /// Ends the stream of a session.
    func end(session: UInt128) { end { $0.session == session } }

    /// Ends the streams of a server.
    func end(entry: String) { end { $0.entry == entry } }

    private func end(where isEnded: (Entry) -> Bool) {
        let ended = state.withLockedValue { state in
            state.entries.filter { isEnded($0.value) }.keys.compactMap { state.remove($0) }
        }
        for listener in ended { listener.end() }
    }

    /// Tells the listeners of a server of the lists that have changed for them.
    ///
    /// - Parameters:
    ///   - group: viewers who are alike in this have the same lists.
    ///   - changed: the lists that read otherwise for a viewer; asked once for each group.
    func announce<Group: Hashable>(entry: String, by group: (Principal) -> Group, changed: (Principal) -> [ChangeKind]) {
        var known: [Group: [ChangeKind]] = [:]
        for place in state.withLockedValue({ $0.entries.values.filter { $0.entry == entry } }) {
            let group = group(place.viewer)
            let kinds = known[group] ?? changed(place.viewer)
            known[group] = kinds
            for kind in kinds { place.listener.changed(.list(kind)) }
        }
    }

    /// Says who may hear of the resources of a server from now on; nil: all who subscribed.
    func readable(at entry: String, _ isReader: (@Sendable (_ uri: String, _ viewer: Principal) -> Bool)?) {
        state.withLockedValue { $0.readers[entry] = isReader }
    }

    /// Tells one listener.
    func tell(_ id: Int, of change: Change) {
        tell(change) { $0.entries[id] }
    }

    /// Tells the client of a session, where it has a stream.
    func tell(session: UInt128, of change: Change) {
        tell(change) { state in state.sessions[session].flatMap { state.entries[$0] } }
    }

    private func tell(_ change: Change, whom: (State) -> Entry?) {
        let (place, isReader) = state.withLockedValue { state in
            let place = whom(state)
            return (place, place.flatMap { state.readers[$0.entry] })
        }
        guard let place else { return }
        if case .resource(let uri) = change, let isReader, !isReader(uri, place.viewer) { return }
        place.listener.changed(change)
    }

    func keepAlive() {
        for listener in listeners() { listener.keepAlive() }
    }

    /// Ends every stream and those that come later.
    func drain() {
        state.withLockedValue { $0.isDraining = true }
        for listener in listeners() { listener.end() }
    }

    private func listeners() -> [Listener] { state.withLockedValue { $0.entries.values.map(\.listener) } }
}
