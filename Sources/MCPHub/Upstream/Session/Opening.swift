import HTTPTypes
import HubCore
import Logging
import NIOCore

/// One attempt to begin a session over HTTP.
struct Opening: Sendable {
    let server: ServerHTTP
    let version: String
    let capabilities: ClientCapabilities
    let observer: WeakObserver
    let principal: Principal
    let deadline: NIODeadline
    /// Told when a session turns out to be of another era than the server.
    let lost: @Sendable () -> Void

    /// Why there is no session.
    enum Refusal: Error {
        /// The server answered, but not as one of this era does.
        case otherEra(any Error)
        /// HTTP refused it: nobody takes such messages there.
        case notHere(HubError)
        /// It says nothing of the era.
        case failed(any Error)

        /// Whether it says that the server is of another era.
        var isOfEra: Bool {
            switch self {
            case .otherEra, .notHere: true
            case .failed: false
            }
        }

        /// What whoever wanted the session is told.
        var error: any Error {
            switch self {
            case .otherEra(let error), .failed(let error): error
            case .notHere(let error): error
            }
        }
    }

    /// The statuses of a place that takes no such message.
    private static let nobodyThere: Set<Int> = [400, 404, 405, 406, 410, 415, 501]
    /// How often a request follows the server to another place.
    private static let redirections = 2

    /// An answer, with the place that gave it.
    struct Answered {
        let answer: ServerAnswer
        let fields: HTTPFields
        let place: ServerPlace
    }

    /// Sends a request, and follows the server to another place at its own address: servers that live below a path move `/mcp` to `/mcp/`.
    func send(
        _ method: HTTPRequest.Method, to place: ServerPlace, fields: HTTPFields, body: ByteBuffer? = nil, deadline: NIODeadline
    ) async throws(Refusal) -> Answered {
        var server = server
        server.place = place
        do {
            for _ in 0...Self.redirections {
                let response = try await server.send(method, fields: fields, body: body, principal: principal, deadline: deadline)
                let answer = try await ServerAnswer(response)
                guard case .moved(let location, let keepsMethod) = answer else {
                    return Answered(answer: answer, fields: response.fields, place: server.place)
                }
                guard keepsMethod || method == .get, let other = ServerPlace(location, at: server.http.address) else { break }
                server.place = other
            }
        } catch {
            if let error = error as? HubError, error.isNoMCP { throw .otherEra(error) }
            throw .failed(error)
        }
        throw .notHere(HubError(.upstreamFailed, "The server is at another address than the one configured"))
    }

    /// Reads the result of the one request of id 1.
    func result(_ answered: Answered) async throws(Refusal) -> JSONDocument {
        switch answered.answer {
        case .text(let text):
            do { return try AnswerReader.result(of: 1, in: text) { _ in } } catch { throw .otherEra(error) }
        case .events(var events):
            do {
                var point = ResumePoint()
                guard let result = try await AnswerReader.result(of: 1, in: &events, point: &point, other: { _ in }) else {
                    events.cancel()
                    throw Refusal.otherEra(HubError.noMCP())
                }
                events.leave(timers: server.timers)
                return result
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                events.cancel()
                if error is JSONRPCError || (error as? HubError)?.isNoMCP == true { throw .otherEra(error) }
                throw .failed(error)
            }
        case .accepted, .moved: throw .notHere(.noMCP())
        case .refused(_, let error?): throw .otherEra(error)
        case .refused(let status, nil):
            let failure = ServerAnswer.failure(status: status)
            throw Self.nobodyThere.contains(status) ? .notHere(failure) : .failed(failure)
        }
    }

    /// The session of 2026-07-28.
    func modern(at place: ServerPlace) async throws(Refusal) -> ModernHTTPSession {
        let request = Self.discovery(principal: principal, deadline: deadline)
        let words = SessionWords(version: version, revision: .v2026_07_28)
        let fields = ModernHTTPSession.fields(of: request, revision: .v2026_07_28)
        let answered = try await send(.post, to: place, fields: fields, body: words.request(request, id: 1), deadline: deadline)
        // Some walls know the headers of older eras only.
        if case .refused(403, nil) = answered.answer { throw .otherEra(ServerAnswer.failure(status: 403)) }
        let result: JSONDocument
        do throws(Refusal) {
            result = try await self.result(answered)
        } catch {
            if case .otherEra(let error as JSONRPCError) = error, error.namesOnlyUnknownVersions { throw .failed(HubError.noCommonVersion) }
            throw error
        }
        guard let greeting = ServerGreeting(discovery: result.root) else { throw .otherEra(HubError.noCommonVersion) }
        var server = server
        server.place = answered.place
        let session = ModernHTTPSession(
            greeting: greeting, server: server, version: version, observer: observer, principal: principal, lost: lost)
        session.start()
        return session
    }

    /// What asks a server for its versions.
    static func discovery(principal: Principal, deadline: NIODeadline) -> SessionRequest {
        SessionRequest(method: "server/discover", principal: principal, deadline: deadline)
    }

    /// The session of a handshake era over streamable HTTP.
    func handshake(at place: ServerPlace) async throws(Refusal) -> HandshakeHTTPSession {
        let words = SessionWords(version: version, revision: .latestHandshake)
        let request = SessionRequest(
            method: "initialize", params: words.initialization(capabilities: capabilities), principal: principal, deadline: deadline)
        let answered = try await send(
            .post, to: place, fields: ServerHTTP.messageFields, body: words.request(request, id: 1), deadline: deadline)
        guard let greeting = ServerGreeting(initialization: try await result(answered).root) else {
            throw .otherEra(HubError.noCommonVersion)
        }
        let sessionID = answered.fields.value(.mcpSessionID)
        // 2025-11-25 transports: visible ASCII.
        guard sessionID.map({ $0.utf8.count <= 4096 && $0.utf8.allSatisfy { 0x21...0x7E ~= $0 } }) ?? true else {
            throw .failed(HubError.noMCP())
        }
        var server = server
        server.place = answered.place
        let session = HandshakeHTTPSession(
            greeting: greeting, server: server, sessionID: sessionID, version: version, observer: observer, principal: principal)
        do {
            try await session.start(canBeAsked: !capabilities.isDisjoint(with: .questions), deadline: deadline)
        } catch {
            session.discard()
            throw .failed(error)
        }
        return session
    }

    /// The session of 2024-11-05.
    func sse(at place: ServerPlace) async throws(Refusal) -> ChannelSession {
        let answered = try await send(.get, to: place, fields: [.accept: "text/event-stream"], deadline: .distantFuture)
        guard case .events(let events) = answered.answer else {
            if case .refused(let status, _) = answered.answer, !Self.nobodyThere.contains(status) {
                throw .failed(ServerAnswer.failure(status: status))
            }
            throw .notHere(HubError(.upstreamFailed, "The server speaks no MCP at its address"))
        }
        var server = server
        server.place = answered.place
        let channel = SSEChannel(events: events, server: server, principal: principal)
        let link = ChannelLink(channel, principal: principal, timers: server.timers, logger: server.logger)
        do {
            try await channel.waitForEndpoint(until: deadline)
            link.start()
            return try await ChannelSession.handshake(
                over: link, version: version, capabilities: capabilities, observer: observer, principal: principal, deadline: deadline)
        } catch {
            link.end(nil)
            throw .failed(error)
        }
    }
}

extension JSONRPCError {
    /// Whether it says that the server speaks versions that the hub does not, and no other (-32022, `data.supported`).
    var namesOnlyUnknownVersions: Bool {
        guard code == .unsupportedProtocolVersion, let data,
            // What cannot be read names nothing.
            let supported = (try? JSONDocument(parsing: data, limits: SessionLimits.message))?.root["supported"], supported.count > 0
        else { return false }
        return !supported.elements.contains { $0.string.flatMap(ProtocolRevision.init(rawValue:)) != nil }
    }
}

extension HubError {
    /// Both sides speak MCP, but no version of it in common.
    static let noCommonVersion = HubError(.upstreamFailed, "The server speaks no version of MCP that the hub speaks")
}
