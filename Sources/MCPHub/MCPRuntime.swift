public import Crypto
public import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// What the MCP side keeps beside every snapshot: the key of sessions, open streams, calls that can be cancelled.
///
/// One per hub. `run` must be running while streams are open; `drain` ends them.
public final class MCPRuntime: Sendable {
    let sealer: SessionSealer
    let stateSealer: RequestStateSealer
    let taskSealer: TaskSealer
    let questions: ClientQuestions
    let parkedCalls: ParkedCalls
    let eventLogs: EventLogs
    let logLevels = SessionLogLevels()
    let endedSessions = EndedSessions()
    let broadcaster = ChangeBroadcaster()
    let subscriptions: ResourceSubscriptions
    /// What was refused because a bound was met.
    let refusals = BoundRefusals()
    /// Servers of later snapshots, for calls of what the one of their own does not have yet.
    let arrivals: ServerArrivals
    private let updates: UpdateCoalescer
    let inFlight = CancellableCalls()
    /// What finds the tools of each entry.
    let findable = FindableToolsByEntry()
    let legacySessions = LegacySessions()
    let flowMarks = FlowMarks()
    let version: String
    let timers: TimerTable
    /// One for each session that subscribed to something and had no stream.
    private let departures = NIOLockedValueBox<[UInt128: TimerTable.Token]>([:])
    private let openedTokens = NIOLockedValueBox<[String: SessionToken]>([:])
    private let secondsSince1970: @Sendable () -> Int64
    private let sessionEnd = NIOLockedValueBox<(@Sendable (UInt128) -> Void)?>(nil)
    private let rootsChange = NIOLockedValueBox<(@Sendable (UInt128) -> Void)?>(nil)

    /// How long a session lives; a client whose session expired gets 404 and initializes again.
    static let sessionLifetime: Int64 = 24 * 3600
    /// Tokens that need not be opened again; past it all are forgotten.
    static let maximumOpenedTokens = 10_000
    /// How long a session may be without a stream before what it subscribed to is forgotten.
    static let patienceWithoutStream = Duration.seconds(300)
    /// How often an idle stream gets a comment, below the idle limits of common proxies.
    static let keepAliveInterval = Duration.seconds(15)

    /// - Parameters:
    ///   - masterKey: 256 bits; processes with the same key accept each other's sessions.
    ///   - timers: reports the progress of slow calls; must be driven.
    ///   - version: the hub's, for `serverInfo` of servers whose description names none.
    ///   - secondsSince1970: the wall clock.
    public init(
        masterKey: SymmetricKey, timers: TimerTable, version: String, secondsSince1970: @escaping @Sendable () -> Int64
    ) {
        self.timers = timers
        sealer = SessionSealer(masterKey: masterKey)
        stateSealer = RequestStateSealer(masterKey: masterKey)
        taskSealer = TaskSealer(masterKey: masterKey)
        questions = ClientQuestions(timers: timers, refusals: refusals)
        parkedCalls = ParkedCalls(timers: timers, refusals: refusals)
        arrivals = ServerArrivals(timers: timers, refusals: refusals)
        eventLogs = EventLogs(timers: timers, refusals: refusals)
        subscriptions = ResourceSubscriptions(refusals: refusals)
        self.version = version
        updates = UpdateCoalescer(timers: timers) { [subscriptions, broadcaster] key in
            for subscriber in subscriptions.subscribers(of: key) {
                switch subscriber {
                case .listener(let place): broadcaster.tell(place, of: .resource(key.uri))
                case .session(let session): broadcaster.tell(session: session, of: .resource(key.uri))
                }
            }
        }
        self.secondsSince1970 = secondsSince1970
    }

    /// Keeps idle streams in use, and takes up what was learned of tools, until cancelled.
    public func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.keepAliveInterval)  // cancelled: the loop's condition decides
            broadcaster.keepAlive()
            findable.relearn()
        }
    }

    /// Seconds since 1970.
    var now: Int64 { secondsSince1970() }

    /// Ends every open stream, and those that come later at once; calls that wait for their clients, or go on without them, are cancelled.
    public func drain() {
        broadcaster.drain()
        parkedCalls.drain()
        eventLogs.drain()
    }

    /// Tells the clients that listen at the servers of `new` which of their lists read otherwise than in `old`, each of its own, and ends the
    /// streams of servers that are gone. From now on what is learned of tools is learned of those of `new`.
    public func announceChanges(from old: HubSnapshot, to new: HubSnapshot) {
        for (key, entry) in new.entries where key.kind == .mcp {
            guard let server = entry as? MCPServer else { continue }
            findable.put(server.offer.routing?.tools, of: key.name)
            guard let before = old.entries[key] as? MCPServer else { continue }
            broadcaster.readable(at: key.name) { uri, viewer in server.origin(ofResource: uri, for: viewer) != nil }
            broadcaster.announce(entry: key.name, by: { [server.viewKey(of: $0), before.viewKey(of: $0)] }) { viewer in
                server.changes(since: before, for: viewer)
            }
            arrivals.arrived(server)
            subscriptions.move(entry: key.name) { server.index.origin(ofResource: $0) }
        }
        for key in old.entries.keys where key.kind == .mcp && new.entries[key] == nil {
            broadcaster.end(entry: key.name)
            broadcaster.readable(at: key.name, nil)
            arrivals.left(key.name)
            findable.put(nil, of: key.name)
        }
    }

    /// A resource of a server has changed: those that subscribed to it are told.
    public func resourceUpdated(server: String, uri: String) {
        let key = ResourceSubscriptions.Key(server: server, uri: uri)
        if !subscriptions.subscribers(of: key).isEmpty { updates.updated(key) }
    }

    /// Gives up a place in the broadcaster, and what it subscribed to.
    func stopListening(_ place: Int) {
        broadcaster.remove(place)
        subscriptions.release(.listener(place))
    }

    /// Forgets what a session subscribed to unless it has a stream soon: nobody says that a session has been left.
    func releaseSubscriptions(ofSessionWithoutStream session: UInt128) {
        guard subscriptions.contains(.session(session)) else { return }
        let timer = timers.add(due: .now + Self.patienceWithoutStream) { [weak self] in
            guard let self else { return }
            departures.withLockedValue { $0[session] = nil }
            if !broadcaster.hasStream(session: session) { subscriptions.release(.session(session)) }
        }
        let earlier = departures.withLockedValue { $0.updateValue(timer, forKey: session) }
        if let earlier { timers.remove(earlier) }
    }

    func makeSession(
        entry: String, revision: ProtocolRevision, capabilities: ClientCapabilities = [], of principal: Principal
    ) -> SessionToken {
        SessionToken(
            id: UInt128.random(in: .min ... .max), owner: SessionOwner(principal), entry: entry, revision: revision,
            capabilities: capabilities, expiry: secondsSince1970() + Self.sessionLifetime)
    }

    /// The living session that a header value stands for at this entry, where it is this caller's.
    func session(_ text: String, entry: String, of principal: Principal) -> SessionToken? {
        guard let token = opened(text), token.entry == entry, token.owner == SessionOwner(principal), token.expiry > secondsSince1970(),
            !endedSessions.contains(token.id)
        else { return nil }
        return token
    }

    /// The token in a text, opened once for as long as it is remembered.
    private func opened(_ text: String) -> SessionToken? {
        if let token = openedTokens.withLockedValue({ $0[text] }) { return token }
        guard let token = sealer.open(text) else { return nil }
        openedTokens.withLockedValue { tokens in
            if tokens.count >= Self.maximumOpenedTokens { tokens.removeAll(keepingCapacity: true) }
            tokens[text] = token
        }
        return token
    }

    func end(_ session: SessionToken) {
        endedSessions.insert(session, now: secondsSince1970())
        broadcaster.end(session: session.id)
        end(streamOf: session)
        eventLogs.end(session: session.id)
    }

    /// Ends what belongs to a session whose one stream has ended, or which has ended itself.
    func end(streamOf session: SessionToken) {
        inFlight.cancelAll(session: session.id)
        questions.end(session: session.id)
        subscriptions.release(.session(session.id))
        if let timer = departures.withLockedValue({ $0.removeValue(forKey: session.id) }) { timers.remove(timer) }
        sessionEnd.withLockedValue { $0 }?(session.id)
    }

    /// Names who is told of each session of a client that has ended, by `CallContext.session`: once, when the hub is put together. It must
    /// not block.
    public func tellOfEndedSessions(_ told: @escaping @Sendable (_ session: UInt128) -> Void) {
        sessionEnd.withLockedValue { $0 = told }
    }

    /// Names who is told of each session whose client works in other folders than before, by `CallContext.session`: once, when the hub is put
    /// together. It must not block.
    public func tellOfChangedRoots(_ told: @escaping @Sendable (_ session: UInt128) -> Void) {
        rootsChange.withLockedValue { $0 = told }
    }

    /// A client says that its roots are others than before.
    func rootsChanged(session: UInt128) { rootsChange.withLockedValue { $0 }?(session) }
}

/// The calls of handshake sessions that `notifications/cancelled` may name.
final class CancellableCalls: Sendable {
    private struct Key: Hashable {
        var session: UInt128
        var id: ByteBuffer
    }

    private let calls = NIOLockedValueBox<[Key: @Sendable () -> Void]>([:])

    /// Runs `work` so that `cancel` of the same session and id ends it.
    ///
    /// - Parameter outlive: see `ReplyChannel.outlive`.
    func run<Value: Sendable>(
        session: UInt128, id: JSONValue, outlive: (@Sendable (@escaping @Sendable () -> Void) -> Bool)? = nil,
        _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        // Awaited below; cancelled by `cancel`, with this task unless it may outlive its client, or when that does not come back. Runs where
        // this one does.
        let task = Task.immediate(executorPreference: LoopTaskExecutor.current) { await work() }
        let key = Key(session: session, id: id.rawBytes)
        calls.withLockedValue { $0[key] = { task.cancel() } }
        defer { calls.withLockedValue { $0[key] = nil } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            if outlive?({ task.cancel() }) != true { task.cancel() }
        }
    }

    func cancel(session: UInt128, id: JSONValue) {
        calls.withLockedValue { $0[Key(session: session, id: id.rawBytes)] }?()
    }

    func cancelAll(session: UInt128) {
        for cancel in calls.withLockedValue({ $0.filter { $0.key.session == session }.map(\.value) }) { cancel() }
    }
}
