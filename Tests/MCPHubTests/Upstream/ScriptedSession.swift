import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

func json(_ text: String) throws -> JSONDocument { try JSONDocument(parsing: text, limits: .payload) }

/// A session whose server says what the test says.
final class ScriptedSession: UpstreamSession {
    typealias Respond = @Sendable (SessionRequest, any SessionHandler) async throws -> JSONDocument

    let greeting: ServerGreeting
    let tellsRequestsApart: Bool
    private let respond: Respond
    private let watching: @Sendable () async -> Void
    private let state = NIOLockedValueBox(
        (isEnded: false, closes: 0, requests: [SessionRequest](), watched: [Set<String>](), notified: 0))
    /// The methods of what the server is notified of, as it comes.
    let notifications: AsyncStream<String>
    private let notification: AsyncStream<String>.Continuation

    init(
        _ greeting: ServerGreeting, tellsRequestsApart: Bool = true, watching: @escaping @Sendable () async -> Void = {},
        respond: @escaping Respond
    ) {
        self.watching = watching
        self.greeting = greeting
        self.tellsRequestsApart = tellsRequestsApart
        self.respond = respond
        (notifications, notification) = AsyncStream.makeStream()
    }

    var isEnded: Bool { state.withLockedValue { $0.isEnded } }
    var closes: Int { state.withLockedValue { $0.closes } }
    var requests: [SessionRequest] { state.withLockedValue { $0.requests } }
    var notified: Int { state.withLockedValue { $0.notified } }
    var watched: [Set<String>] { state.withLockedValue { $0.watched } }

    func request(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument {
        state.withLockedValue { $0.requests.append(request) }
        return try await respond(request, handler)
    }

    func watch(_ uris: Set<String>) async {
        state.withLockedValue { $0.watched.append(uris) }
        await watching()
    }

    func notify(_ method: String, params: ByteBuffer?) async {
        state.withLockedValue { $0.notified += 1 }
        notification.yield(method)
    }

    func close() {
        state.withLockedValue { state in
            state.isEnded = true
            state.closes += 1
        }
    }

    /// The transport breaks.
    func breakOff() { state.withLockedValue { $0.isEnded = true } }
}

extension ServerGreeting {
    /// A server of an era, with these capabilities.
    static func of(_ revision: ProtocolRevision, _ capabilities: String = #"{"tools":{}}"#) -> ServerGreeting {
        let document = try? JSONDocument(
            parsing: #"{"capabilities":\#(capabilities),"serverInfo":{"name":"s","title":"Stub","version":"7"}}"#, limits: .payload)
        return ServerGreeting(
            revision: revision, capabilities: document?.root["capabilities"], serverInfo: document?.root["serverInfo"],
            instructions: "Use it.")
    }
}

/// Begins sessions as the test says, and remembers all of them.
final class ScriptedOpener: SessionOpener {
    struct Opening: Sendable {
        /// Counted from 1.
        var number: Int
        var capabilities: ClientCapabilities
        var observer: (any SessionObserver)?
        var principal: Principal

        /// Whether it is the session that the lists are read in.
        var isDirectory: Bool { observer != nil }
    }

    private struct State {
        var openings: [Opening] = []
        var sessions: [ScriptedSession] = []
        var script: @Sendable (Opening) async throws -> ScriptedSession
    }

    private let state: NIOLockedValueBox<State>

    init(_ script: @escaping @Sendable (Opening) async throws -> ScriptedSession) {
        state = NIOLockedValueBox(State(script: script))
    }

    var openings: [Opening] { state.withLockedValue { $0.openings } }
    var sessions: [ScriptedSession] { state.withLockedValue { $0.sessions } }
    /// Sessions of calls.
    var callSessions: [ScriptedSession] {
        state.withLockedValue { state in zip(state.openings, state.sessions).filter { !$0.0.isDirectory }.map(\.1) }
    }

    func script(_ script: @escaping @Sendable (Opening) async throws -> ScriptedSession) { state.withLockedValue { $0.script = script } }

    func open(
        capabilities: ClientCapabilities, observer: (any SessionObserver)?, principal: Principal, deadline: NIODeadline
    ) async throws -> any UpstreamSession {
        let (opening, script) = state.withLockedValue { state in
            let opening = Opening(
                number: state.openings.count + 1, capabilities: capabilities, observer: observer, principal: principal)
            state.openings.append(opening)
            return (opening, state.script)
        }
        let session = try await script(opening)
        state.withLockedValue { $0.sessions.append(session) }
        return session
    }
}
