import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Keeps `subscriptions/listen` open with a server of 2026-07-28: one for its lists, and one for the resources that are watched.
final class ListenKeeper: Sendable {
    static let method = "subscriptions/listen"
    static let acknowledgement = "notifications/subscriptions/acknowledged"

    /// Sends a request in the session.
    typealias Send = @Sendable (SessionRequest, any SessionHandler) async throws -> JSONDocument

    private struct State {
        var send: Send?
        var lists: Task<Void, Never>?
        var resources: Task<Void, Never>?
        var watched: Set<String> = []
    }

    private let greeting: ServerGreeting
    private let observer: WeakObserver
    private let principal: Principal
    private let timers: TimerTable
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - greeting: says what the server tells of.
    ///   - observer: hears it; what came between two streams is told as changes of all.
    ///   - principal: who listens.
    init(greeting: ServerGreeting, observer: WeakObserver, principal: Principal, timers: TimerTable, logger: Logger) {
        self.greeting = greeting
        self.observer = observer
        self.principal = principal
        self.timers = timers
        self.logger = logger
    }

    /// Begins; `send` is held until `stop`.
    func start(_ send: @escaping Send) {
        guard observer.isWanted else { return }
        let kinds = greeting.changing
        state.withLockedValue { state in
            state.send = send
            // Nobody waits for it; cancelled by `stop`.
            if !kinds.isEmpty { state.lists = Task { await keep(kinds, [], send: send, opened: {}) } }
        }
    }

    /// Listens for these resources instead of those before, whose stream is kept until the new one is open.
    func watch(_ uris: Set<String>) {
        guard greeting.tellsOfUpdates else { return }
        state.withLockedValue { state in
            guard let send = state.send, state.watched != uris else { return }
            state.watched = uris
            let earlier = state.resources
            guard !uris.isEmpty else {
                earlier?.cancel()
                state.resources = nil
                return
            }
            // Nobody waits for it; cancelled by `stop`, or when the next one is open.
            state.resources = Task { await keep([], uris.sorted(), send: send, opened: { earlier?.cancel() }) }
        }
    }

    /// Ends all of it.
    func stop() {
        let tasks = state.withLockedValue { state in
            defer { state = State() }
            return [state.lists, state.resources]
        }
        for task in tasks { task?.cancel() }
    }

    private func keep(_ kinds: [ChangeKind], _ uris: [String], send: Send, opened: @escaping @Sendable () -> Void) async {
        let request = SessionRequest(
            method: Self.method, params: Self.filter(kinds, uris), principal: principal, deadline: .distantFuture)
        let first = FirstTime(opened)
        var attempts = 0
        await Reconnection(timers: timers).run {
            let isAgain = attempts > 0
            attempts += 1
            let handler = Acknowledged { [observer] in
                first.happen()
                if isAgain { observer.missed(kinds, resources: uris) }
            }
            defer { first.happen() }
            do {
                _ = try await send(request, handler)
            } catch let error as JSONRPCError {
                logger.info("a server does not tell of changes", metadata: ["code": "\(error.code.rawValue)"])
                return .over
            } catch let error as HubError {
                if error.cause is SessionLoss { return .over }
            }
            return .again(handler.hasCome, after: nil)
        }
    }

    private static func filter(_ kinds: [ChangeKind], _ uris: [String]) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("notifications")
        json.beginObject()
        for kind in kinds { json.member("\(kind.rawValue)ListChanged", true) }
        if !uris.isEmpty { json.member("resourceSubscriptions", uris) }
        json.endObject()
        json.endObject()
        return json.buffer
    }

    /// Hears that a stream is open.
    private final class Acknowledged: SessionHandler {
        private let action: @Sendable () -> Void
        private let came = NIOLockedValueBox(false)

        init(_ action: @escaping @Sendable () -> Void) { self.action = action }

        var hasCome: Bool { came.withLockedValue { $0 } }

        func notified(_ notification: JSONRPCEnvelope) {
            guard notification.method == ListenKeeper.acknowledgement else { return }
            came.withLockedValue { $0 = true }
            action()
        }

        func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer {
            throw JSONRPCError(.methodNotFound, "Nobody can be asked here")
        }
    }
}

/// Something that is done once, the first time it is due.
private final class FirstTime: Sendable {
    private let action: NIOLockedValueBox<(@Sendable () -> Void)?>

    init(_ action: @escaping @Sendable () -> Void) { self.action = NIOLockedValueBox(action) }

    func happen() {
        let action = action.withLockedValue { action in
            defer { action = nil }
            return action
        }
        action?()
    }
}
