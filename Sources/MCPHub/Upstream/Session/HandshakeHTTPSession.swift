import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// A session of 2025-03-26 … 2025-11-25 over streamable HTTP.
///
/// Each request is a POST whose answer may be a stream: what the server asks and tells there belongs to that request. What belongs to none
/// comes on the stream of a GET, which is kept open where somebody wants to hear it or can be asked.
final class HandshakeHTTPSession: UpstreamSession {
    let greeting: ServerGreeting
    let tellsRequestsApart = true
    let server: ServerHTTP
    let observer: WeakObserver
    let principal: Principal
    let calls: SessionCalls
    let questions: ServerQuestions
    private let fields: HTTPFields
    private let words: SessionWords
    private let isSessionNamed: Bool
    private let stream = NIOLockedValueBox<Task<Void, Never>?>(nil)
    private let subscriptions: SessionSubscriptions
    private let level = SessionLogLevel()

    /// - Parameters:
    ///   - greeting: what the server answered `initialize` with.
    ///   - server: the way to it.
    ///   - sessionID: the name that it gave the session; nil: none.
    ///   - observer: hears of changes.
    ///   - principal: who opened it.
    init(
        greeting: ServerGreeting, server: ServerHTTP, sessionID: String?, version: String, observer: WeakObserver, principal: Principal
    ) {
        var fields = ServerHTTP.messageFields
        if let sessionID { fields[.mcpSessionID] = sessionID }
        if greeting.revision >= .v2025_06_18 { fields[.mcpProtocolVersion] = greeting.revision.rawValue }
        self.greeting = greeting
        self.server = server
        self.fields = fields
        isSessionNamed = sessionID != nil
        self.observer = observer
        self.principal = principal
        words = SessionWords(version: version, revision: greeting.revision)
        calls = SessionCalls()
        subscriptions = SessionSubscriptions(greeting: greeting, timers: server.timers, logger: server.logger)
        questions = ServerQuestions(logger: server.logger) { [server, fields] answer in
            let deadline = NIODeadline.now(plus: SessionLimits.courtesy * 2)
            let response = try await server.send(.post, fields: fields, body: answer, principal: principal, deadline: deadline)
            response.body.giveUp()
            guard response.status < 400 else { throw ServerAnswer.failure(status: response.status) }
        }
    }

    var isEnded: Bool { calls.isEnded }

    /// Tells the server that the session has begun, and opens the stream for what belongs to no request.
    ///
    /// - Parameter canBeAsked: whether the client can: then the stream is open before the first call is made.
    func start(canBeAsked: Bool, deadline: NIODeadline) async throws {
        let message = SessionWords.notification("notifications/initialized")
        let response = try await server.send(.post, fields: fields, body: message, principal: principal, deadline: deadline)
        response.body.giveUp()
        guard response.status < 400 else { throw ServerAnswer.failure(status: response.status) }
        // Without a session, a server knows nobody to say anything to, unless it says that it does.
        guard canBeAsked || observer.isWanted, isSessionNamed || !greeting.changing.isEmpty else { return }
        let opened = Awaited<Void>()
        // Nobody waits for its end; cancelled by `close`, or when the session is lost.
        let task = Task { await keepStream { opened.give(.success(())) } }
        stream.withLockedValue { $0 = task }
        if calls.isEnded { task.cancel() }
        guard canBeAsked else { return }
        // A server that opens its stream late may lose a question; it is not waited for longer than this.
        let limit = min(deadline, .now(plus: SessionLimits.probe))
        do { try await server.timers.value(of: opened, until: limit, failure: .serverTooSlow) } catch is HubError {}
    }

    func request(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument {
        if let level = level.raise(to: request.logLevel, greeting: greeting) { await perform(level, for: request) }
        let id = try calls.begin(request, handler: handler)
        defer {
            questions.end(call: id, successor: calls.end(id))
        }
        do {
            return try await answer(to: request, id: id)
        } catch {
            // 2025-11-25 transports: to hang up is not to cancel.
            let isGivenUp = error is CancellationError || (error as? HubError)?.code == .upstreamTimeout
            if isGivenUp { send(SessionWords.cancellation(of: id), principal: request.principal) }
            throw error
        }
    }

    private func answer(to request: SessionRequest, id: Int) async throws -> JSONDocument {
        let response = try await server.send(
            .post, fields: fields, body: words.request(request, id: id), principal: request.principal, deadline: request.deadline)
        switch try await ServerAnswer(response) {
        case .text(let text): return try AnswerReader.result(of: id, in: text) { hear($0, of: id) }
        case .events(let events): return try await result(of: id, in: events, request: request)
        case .accepted, .moved: throw HubError.noMCP()
        case .refused(let status, let error):
            // Besides 404, which the specification wants: servers made after the samples of the TypeScript SDK say 400.
            let isUnknown = status == 404 ? error?.code != .methodNotFound : status == 400 && error?.isAboutSession ?? false
            if isSessionNamed, isUnknown { throw lose() }
            throw error ?? ServerAnswer.failure(status: status)
        }
    }

    /// Reads a stream of events to the result, taking it up again where it ends early and the server keeps what it said.
    private func result(of id: Int, in events: ServerEvents, request: SessionRequest) async throws -> JSONDocument {
        var events = events
        var point = ResumePoint()
        var (resumptions, failures) = (0, 0)
        do {
            while true {
                if let result = try await AnswerReader.result(of: id, in: &events, point: &point, other: { hear($0, of: id) }) {
                    events.leave(timers: server.timers)
                    return result
                }
                repeat {
                    resumptions += 1
                    guard let last = point.lastEventID, resumptions <= SessionLimits.resumptions,
                        failures < SessionLimits.failedResumptions
                    else { throw HubError.serverGone }
                    guard request.deadline > .now() else { throw HubError.serverTooSlow }
                    let pause = max(point.retry ?? SessionLimits.reconnect.least, .milliseconds(50))
                    try await server.timers.wait(min(pause, request.deadline.fromNow))
                    guard let resumed = try await resume(after: last, request: request) else {
                        failures += 1
                        continue
                    }
                    (events, failures) = (resumed, 0)
                    break
                } while true
            }
        } catch {
            events.cancel()
            throw error
        }
    }

    private func resume(after last: String, request: SessionRequest) async throws -> ServerEvents? {
        var fields = streamFields
        fields[.lastEventID] = last
        let response: CallResponse
        do {
            response = try await server.send(.get, fields: fields, principal: request.principal, deadline: request.deadline)
        } catch is HubError {
            return nil  // logged by whoever sent it; the next attempt comes
        }
        guard case .events(let events) = try await ServerAnswer(response) else { return nil }
        return events
    }

    /// The fields of a GET.
    var streamFields: HTTPFields {
        var fields = fields
        fields[.accept] = "text/event-stream"
        fields[.contentType] = nil
        return fields
    }

    /// Takes what comes on the stream of one request.
    private func hear(_ message: ServerMessage, of id: Int) {
        switch message {
        case .answer: break
        case .request(let question, let method, let params):
            questions.take(question, method: method, params: params, for: calls.handler(of: id).map { (id, $0) })
        case .notification(let notification):
            if notification.method == "notifications/cancelled" { return questions.cancel(notification.params?["requestId"]) }
            calls.hear(notification, of: id, observer: observer)
        }
    }

    /// The server does not know the session.
    func lose() -> HubError {
        if calls.close(.sessionUnknown) {
            stream.withLockedValue { $0 }?.cancel()
            observer.ended(.sessionUnknown)
        }
        return .sessionUnknown
    }

    func watch(_ uris: Set<String>) async {
        await subscriptions.watch(uris) { [self] in try await request($0, handler: NobodyListens()) }
    }

    private func perform(_ level: LogLevel, for request: SessionRequest) async {
        let request = SessionRequest(
            method: "logging/setLevel", params: level.params, principal: request.principal, deadline: request.deadline)
        // A server that does not do it writes what it writes.
        _ = try? await self.request(request, handler: NobodyListens())
    }

    func notify(_ method: String, params: ByteBuffer?) async {
        guard !isEnded else { return }
        let deadline = NIODeadline.now(plus: SessionLimits.courtesy)
        let message = SessionWords.notification(method, params: params)
        // What cannot be sent is dropped, and logged by whoever sent it.
        let response = try? await server.send(.post, fields: fields, body: message, principal: principal, deadline: deadline)
        response?.body.giveUp()
    }

    /// Sends what nobody waits for.
    private func send(_ message: ByteBuffer, principal: Principal) {
        // Nobody waits for it; its deadline ends it.
        Task { [server, fields] in
            let deadline = NIODeadline.now(plus: SessionLimits.courtesy)
            let response = try? await server.send(.post, fields: fields, body: message, principal: principal, deadline: deadline)
            response?.body.giveUp()
        }
    }

    func close() {
        if discard() { observer.ended(nil) }
    }

    /// Ends a session that nobody has heard of yet; false where it had ended.
    @discardableResult
    func discard() -> Bool {
        guard calls.close(.sessionEnded) else { return false }
        stream.withLockedValue { $0 }?.cancel()
        guard isSessionNamed else { return true }
        // Nobody waits for it; its deadline ends it. A server that does not take it ends the session when it likes.
        Task { [server, fields, principal] in
            let deadline = NIODeadline.now(plus: SessionLimits.courtesy)
            let response = try? await server.send(.delete, fields: fields, principal: principal, deadline: deadline)
            response?.body.giveUp()
        }
        return true
    }
}
