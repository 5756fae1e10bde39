import HTTPTypes
import HubCore
import Logging
import NIOCore

/// The way to a server of 2026-07-28 over HTTP. There is no session: each request says all of itself, and its answer's stream is its own.
final class ModernHTTPSession: UpstreamSession {
    let greeting: ServerGreeting
    let tellsRequestsApart = true
    let server: ServerHTTP
    private let words: SessionWords
    private let calls = SessionCalls()
    private let observer: WeakObserver
    private let changes: ListenKeeper
    private let lost: @Sendable () -> Void

    /// - Parameters:
    ///   - greeting: what the server answered `server/discover` with.
    ///   - server: the way to it.
    ///   - observer: hears of changes.
    ///   - principal: who listens for them.
    ///   - lost: told when the server turns out not to be one of this era any more.
    init(
        greeting: ServerGreeting, server: ServerHTTP, version: String, observer: WeakObserver, principal: Principal,
        lost: @escaping @Sendable () -> Void
    ) {
        self.greeting = greeting
        self.server = server
        words = SessionWords(version: version, revision: greeting.revision)
        self.observer = observer
        self.lost = lost
        changes = ListenKeeper(greeting: greeting, observer: observer, principal: principal, timers: server.timers, logger: server.logger)
    }

    var isEnded: Bool { calls.isEnded }

    /// Begins to listen for changes, where somebody wants to know.
    func start() {
        changes.start { [self] in try await request($0, handler: $1) }
    }

    func request(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument {
        let id = try calls.begin(request, handler: handler)
        defer { calls.end(id) }
        let response = try await server.send(
            .post, fields: Self.fields(of: request, revision: greeting.revision), body: words.request(request, id: id),
            principal: request.principal, deadline: request.deadline)
        switch try await ServerAnswer(response) {
        case .text(let text):
            return try checked { try AnswerReader.result(of: id, in: text) { self.hear($0, of: id) } }
        case .events(var events):
            do {
                var point = ResumePoint()
                let isListening = request.method == ListenKeeper.method
                let result = try await AnswerReader.result(of: id, in: &events, point: &point, isBounded: !isListening) { hear($0, of: id) }
                guard let result else { throw HubError.serverGone }
                events.leave(timers: server.timers)
                return result
            } catch {
                events.cancel()  // in this era that says: nobody waits any more
                throw error
            }
        case .accepted: throw HubError.noMCP()
        case .moved:
            throw try await refusal(ServerAnswer.failure(status: response.status), of: request, id: id)
        case .refused(let status, let error?):
            // 2026-07-28 transports: these statuses are those of the error; with any other a gateway of some kind speaks.
            guard isOfAnotherEra(error, status: status) else { throw error }
            throw try await refusal(error, of: request, id: id)
        case .refused(let status, nil):
            let failure = ServerAnswer.failure(status: status)
            guard [400, 404, 405, 406, 410, 415].contains(status) else { throw failure }
            throw try await refusal(failure, of: request, id: id)
        }
    }

    /// A server that asks for a session, or for another version, was replaced by one of another era since it was found out.
    private func isOfAnotherEra(_ error: JSONRPCError, status: Int) -> Bool {
        if error.code == .unsupportedProtocolVersion { return true }
        return (status == 400 || status == 404) && error.code != .headerMismatch && error.isAboutSession
    }

    private func checked(_ read: () throws -> JSONDocument) throws -> JSONDocument {
        do {
            return try read()
        } catch let error as JSONRPCError where error.code == .unsupportedProtocolVersion {
            throw unknown()
        }
    }

    /// What a refusal that hints at another era is. It may be about this one request, which has a caller's words in it: what stands before
    /// the server dislikes them, or its error repeats them. Nobody else loses the session for that, so that the hub first asks in its own.
    private func refusal(_ failure: any Error, of request: SessionRequest, id: Int) async throws -> any Error {
        try await mayBeOfThisEra(request, id: id) ? failure : unknown()
    }

    /// Asks the server for its versions once more; no answer, or a failure on the way, says nothing against it.
    private func mayBeOfThisEra(_ request: SessionRequest, id: Int) async throws -> Bool {
        let question = Opening.discovery(principal: request.principal, deadline: min(request.deadline, .now(plus: SessionLimits.probe)))
        do {
            let response = try await server.send(
                .post, fields: Self.fields(of: question, revision: greeting.revision), body: words.request(question, id: id),
                principal: question.principal, deadline: question.deadline)
            let result: JSONDocument?
            switch try await ServerAnswer(response) {
            case .text(let text): result = try AnswerReader.result(of: id, in: text) { _ in }
            case .events(var events):
                var point = ResumePoint()
                defer { events.cancel() }
                result = try await AnswerReader.result(of: id, in: &events, point: &point) { _ in }
            case .refused(let status, _): return status >= 500 || [401, 403, 407, 429].contains(status)
            case .accepted, .moved: return false
            }
            return result.map { ServerGreeting(discovery: $0.root) != nil } ?? true
        } catch is JSONRPCError {
            return false
        } catch let error as HubError {
            return !error.isNoMCP
        }
    }

    private func unknown() -> HubError {
        if calls.close(.sessionUnknown) {
            changes.stop()
            lost()
            observer.ended(.sessionUnknown)
        }
        return .sessionUnknown
    }

    /// Takes what comes before the result. Servers of this era do not ask by request.
    private func hear(_ message: ServerMessage, of id: Int) {
        guard case .notification(let notification) = message else { return }
        calls.hear(notification, of: id, observer: observer)
    }

    func watch(_ uris: Set<String>) async { changes.watch(uris) }

    /// Clients of this era notify servers of nothing over HTTP.
    func notify(_ method: String, params: ByteBuffer?) async {}

    func close() {
        guard calls.close(.sessionEnded) else { return }
        changes.stop()
        observer.ended(nil)
    }

    /// The header fields that mirror a request (2026-07-28 transports, "Standard MCP Request Headers").
    static func fields(of request: SessionRequest, revision: ProtocolRevision) -> HTTPFields {
        var fields = ServerHTTP.messageFields
        fields[.mcpProtocolVersion] = revision.rawValue
        fields[.mcpMethod] = request.method
        if let name = request.name { fields[.mcpName] = MirroredHeader.encode(name) }
        for mirrored in request.mirrored {
            guard let name = HTTPField.Name("mcp-param-" + mirrored.header) else { continue }
            fields[name] = MirroredHeader.encode(mirrored.value)
        }
        return fields
    }
}
