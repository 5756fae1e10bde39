import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The requests under way in one session.
final class SessionCalls: Sendable {
    private struct Call {
        let method: String
        let hears: Bool
        let wantsLog: Bool
        let clientCanBeAsked: Bool
        let handler: any SessionHandler
        let answer: Awaited<JSONValue>?
    }

    private struct State {
        var lastID = 0
        var calls: [Int: Call] = [:]
        var isEnded = false
    }

    private let state = NIOLockedValueBox(State())

    /// Whether the session has ended.
    var isEnded: Bool { state.withLockedValue { $0.isEnded } }

    /// Counts a request in and gives it its id.
    ///
    /// - Parameter answer: is given what comes under that id, where answers come in one place for all.
    func begin(_ request: SessionRequest, handler: any SessionHandler, answer: Awaited<JSONValue>? = nil) throws(HubError) -> Int {
        let (id, refusal): (Int, HubError?) = state.withLockedValue { state in
            if state.isEnded { return (0, .sessionEnded) }
            guard state.calls.count < SessionLimits.requests else {
                return (0, HubError(.overloaded, "Too many requests wait for the server"))
            }
            state.lastID += 1
            state.calls[state.lastID] = Call(
                method: request.method, hears: request.wantsProgress, wantsLog: request.logLevel != nil,
                clientCanBeAsked: !request.capabilities.isDisjoint(with: .questions), handler: handler, answer: answer)
            return (state.lastID, nil)
        }
        if let refusal { throw refusal }
        return id
    }

    /// Counts it out.
    func end(_ id: Int) {
        state.withLockedValue { $0.calls[id] = nil }
    }

    /// Gives an answer to whoever waits for it; what nobody waits for is dropped.
    func give(_ result: Result<JSONValue, any Error>, to id: Int) {
        state.withLockedValue { $0.calls[id] }?.answer?.give(result)
    }

    /// Lets nothing begin any more, and fails all that waits here; false where that was so before.
    @discardableResult
    func close(_ error: HubError) -> Bool {
        let (isFirst, calls) = state.withLockedValue { state in
            defer { state.isEnded = true }
            return (!state.isEnded, state.calls)
        }
        for call in calls.values { call.answer?.give(.failure(error)) }
        return isFirst
    }

    /// Who hears what the server says to one request.
    func handler(of id: Int) -> (any SessionHandler)? { state.withLockedValue { $0.calls[id]?.handler } }

    /// Who hears of progress under a token.
    func listener(token: JSONValue?) -> (any SessionHandler)? {
        guard let id = token?.int else { return nil }
        return state.withLockedValue { state in
            guard let call = state.calls[id], call.hears else { return nil }
            return call.handler
        }
    }

    /// Who hears the server's log where it belongs to no request in particular: everybody in a session of a handshake era, which is one
    /// client's; otherwise the one who wanted it, and nobody where there are several, because it may be about any of them.
    func logListeners(isModern: Bool) -> [any SessionHandler] {
        state.withLockedValue { state in
            guard isModern else { return state.calls.values.map(\.handler) }
            let listeners = state.calls.values.filter(\.wantsLog)
            return listeners.count == 1 ? listeners.map(\.handler) : []
        }
    }

    /// The server has ended a subscription of this id; any other request is not ended that way.
    func endListening(_ id: Int) {
        guard let call = state.withLockedValue({ $0.calls[id] }), call.method == ListenKeeper.method else { return }
        call.answer?.give(.failure(HubError.serverGone))
    }

    /// Whom a question is for that no request is known of: the one call whose client can be asked; nil where there are several, or none.
    var asked: (id: Int, handler: any SessionHandler)? {
        state.withLockedValue { state in
            let calls = state.calls.filter { Self.asking.contains($0.value.method) }
            let able = calls.filter(\.value.clientCanBeAsked)
            let candidates = able.isEmpty ? calls : able
            guard candidates.count == 1, let (id, call) = candidates.first else { return nil }
            return (id, call.handler)
        }
    }

    /// The methods whose servers may ask.
    static let asking: Set<String> = ["tools/call", "prompts/get", "resources/read"]
}
