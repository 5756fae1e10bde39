import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The requests that clients of handshake sessions have been sent and not answered.
final class ClientQuestions: Sendable {
    /// How long a client may take: there is a person behind it.
    static let limit = Duration.seconds(600)
    /// How many wait in one session, and in all.
    static let maximumPerSession = 64
    static let maximum = 10_000

    private struct Key: Hashable {
        var session: UInt128
        var id: String
    }

    private struct Waiting {
        var continuation: CheckedContinuation<JSONValue, any Error>
        var timer: TimerTable.Token?
    }

    private struct State {
        var next: UInt64 = 0
        var waiting: [Key: Waiting] = [:]
        var counts: [UInt128: Int] = [:]
    }

    private let timers: TimerTable
    private let refusals: BoundRefusals
    private let state = NIOLockedValueBox(State())

    init(timers: TimerTable, refusals: BoundRefusals) {
        self.timers = timers
        self.refusals = refusals
    }

    /// How many have not been answered.
    var count: Int { state.withLockedValue { $0.waiting.count } }

    /// Sends a request and waits for the answer. Whoever is not answered in time, or is cancelled, takes the request back.
    ///
    /// - Throws: `JSONRPCError` with the client's refusal; `HubError`; `CancellationError`.
    func ask(_ request: ClientRequest, session: UInt128, send: @escaping @Sendable (ByteBuffer) -> Bool) async throws -> JSONValue {
        let number = state.withLockedValue { state in
            state.next += 1
            return state.next
        }
        let key = Key(session: session, id: "hubd-\(number)")
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard add(continuation, for: key) else {
                    return continuation.resume(throwing: HubError(.overloaded, "Too many questions wait for this client"))
                }
                setTimer(for: key, send: send)
                if !send(Self.message(request, id: key.id)) {
                    finish(key, .failure(HubError(.invalidRequest, "The client cannot be reached")))
                }
                // Cancelled before there was anything to take back.
                if Task.isCancelled { finish(key, .failure(CancellationError())) }
            }
        } onCancel: {
            if finish(key, .failure(CancellationError())) { _ = send(Self.withdrawal(of: key.id)) }
        }
    }

    /// Takes the answer to a request of ours; one that nobody waits for is dropped.
    func answer(_ envelope: JSONRPCEnvelope, session: UInt128) {
        guard case .response(let id) = envelope.kind, let id = id.string else { return }
        let key = Key(session: session, id: id)
        if let result = envelope.message["result"] {
            finish(key, .success(result))
        } else {
            let error = envelope.message["error"]
            let refusal = JSONRPCError(
                JSONRPCError.Code(rawValue: error?["code"]?.int ?? JSONRPCError.Code.internalError.rawValue),
                String((error?["message"]?.string ?? "The client refused").prefix(4096)), data: error?["data"]?.rawBytes)
            finish(key, .failure(refusal))
        }
    }

    /// Nobody answers any more in a session that has ended.
    func end(session: UInt128) {
        let keys = state.withLockedValue { $0.waiting.keys.filter { $0.session == session } }
        for key in keys { finish(key, .failure(HubError(.invalidRequest, "The client's session has ended"))) }
    }

    private func add(_ continuation: CheckedContinuation<JSONValue, any Error>, for key: Key) -> Bool {
        state.withLockedValue { state in
            guard state.waiting.count < Self.maximum, state.counts[key.session, default: 0] < Self.maximumPerSession else {
                refusals.count(.clientQuestions)
                return false
            }
            state.waiting[key] = Waiting(continuation: continuation)
            state.counts[key.session, default: 0] += 1
            return true
        }
    }

    private func setTimer(for key: Key, send: @escaping @Sendable (ByteBuffer) -> Bool) {
        let timer = timers.add(due: .now + Self.limit) { [weak self] in
            let error = HubError(.upstreamTimeout, "The client did not answer in time")
            if self?.finish(key, .failure(error)) == true { _ = send(Self.withdrawal(of: key.id)) }
        }
        let isWaiting = state.withLockedValue { state in
            state.waiting[key]?.timer = timer
            return state.waiting[key] != nil
        }
        if !isWaiting { timers.remove(timer) }
    }

    @discardableResult
    private func finish(_ key: Key, _ result: Result<JSONValue, any Error>) -> Bool {
        let waiting = state.withLockedValue { state in
            let waiting = state.waiting.removeValue(forKey: key)
            if waiting != nil {
                let count = state.counts[key.session, default: 1] - 1
                state.counts[key.session] = count > 0 ? count : nil
            }
            return waiting
        }
        guard let waiting else { return false }
        if let timer = waiting.timer { timers.remove(timer) }
        waiting.continuation.resume(with: result)
        return true
    }

    private static func message(_ request: ClientRequest, id: String) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        json.member("id", id)
        json.member("method", request.method)
        json.member("params", raw: request.params)
        json.endObject()
        return json.buffer
    }

    private static func withdrawal(of id: String) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCNotification("notifications/cancelled") { json in
            json.member("requestId", id)
            json.member("reason", "The answer is not waited for any more")
        }
        return json.buffer
    }
}
