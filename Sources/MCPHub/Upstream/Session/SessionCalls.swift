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
        let caller: Caller
        let isOfOneClient: Bool
        let handler: any SessionHandler
        let answer: Awaited<JSONValue>?

        var mayAsk: Bool { SessionCalls.asking.contains(method) }
    }

    /// Who calls, as far as callers are told apart.
    private struct Caller: Equatable {
        let consumer: String
        let credential: CredentialID?
        let session: UInt128?

        init(_ request: SessionRequest) {
            (consumer, credential, session) = (request.principal.consumer, request.principal.credential, request.clientSession)
        }

        /// Whether two calls that say this are one client's.
        var isKnown: Bool { credential != nil || session != nil }
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
                clientCanBeAsked: !request.capabilities.isDisjoint(with: .questions), caller: Caller(request),
                isOfOneClient: request.isOfOneClient, handler: handler, answer: answer)
            return (state.lastID, nil)
        }
        if let refusal { throw refusal }
        return id
    }

    /// Counts it out; gives the call that goes on with what was asked of its client, and may have been meant for that call: the oldest other of
    /// the same client.
    @discardableResult
    func end(_ id: Int) -> Int? {
        state.withLockedValue { state in
            guard let call = state.calls.removeValue(forKey: id), call.isOfOneClient else { return nil }
            return state.calls.filter { $0.value.isOfOneClient && $0.value.clientCanBeAsked && $0.value.mayAsk }.keys.min()
        }
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

    /// Who hears the server's log where it belongs to no request in particular, because it may be about any of them:
    /// 1. In a session of a handshake era that is one client's, its oldest call.
    /// 2. The one call there is, where it wants to; in the handshake eras levels are the session's, so that it always does.
    /// 3. In the handshake eras all calls, where all are one caller's. 4. Otherwise nobody.
    func logListeners(isModern: Bool) -> [any SessionHandler] {
        state.withLockedValue { state in
            if !isModern, let oldest = state.calls.filter(\.value.isOfOneClient).min(by: { $0.key < $1.key }) {
                return [oldest.value.handler]
            }
            let calls = state.calls.values.filter { isModern ? $0.wantsLog : Self.performing.contains($0.method) }
            guard calls.count > 1 else { return calls.map(\.handler) }
            guard !isModern, let caller = calls.first?.caller, caller.isKnown, calls.allSatisfy({ $0.caller == caller }) else { return [] }
            return calls.map(\.handler)
        }
    }

    /// The server has ended a subscription of this id; any other request is not ended that way.
    func endListening(_ id: Int) {
        guard let call = state.withLockedValue({ $0.calls[id] }), call.method == ListenKeeper.method else { return }
        call.answer?.give(.failure(HubError.serverGone))
    }

    /// Whom a question is for that no request is known of: the one call whose client can be asked, the oldest where all are of one client; nil
    /// where there are several, or none.
    var asked: (id: Int, handler: any SessionHandler)? {
        state.withLockedValue { state in
            let calls = state.calls.filter(\.value.mayAsk)
            let able = calls.filter(\.value.clientCanBeAsked)
            let candidates = able.isEmpty ? calls : able
            guard candidates.count == 1 || candidates.values.allSatisfy(\.isOfOneClient) else { return nil }
            guard let (id, call) = candidates.min(by: { $0.key < $1.key }) else { return nil }
            return (id, call.handler)
        }
    }

    /// Those who hear what a server says about something it asked: they share its session, which is one client's.
    var handlersThatCanBeAsked: [any SessionHandler] {
        state.withLockedValue { $0.calls.values.filter(\.clientCanBeAsked).map(\.handler) }
    }

    /// The methods whose servers may ask.
    static let asking: Set<String> = ["tools/call", "prompts/get", "resources/read"]
    /// Those that are performed for clients.
    private static let performing = asking.union(["completion/complete"])
}
