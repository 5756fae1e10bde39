import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Answers what a server asks in one session of a handshake era: `ping` by itself, the rest by the client of the call it belongs to.
final class ServerQuestions: Sendable {
    private struct Question {
        var call: Int
        /// Whether it may belong to another call of the same client.
        let isGuess: Bool
        let task: Task<Void, Never>
    }

    private struct State {
        var open: [ByteBuffer: Question] = [:]
        var counts: [Int: Int] = [:]
    }

    private let logger: Logger
    private let send: @Sendable (ByteBuffer) async throws -> Void
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - logger: hears of answers that could not be sent.
    ///   - send: sends an answer.
    init(logger: Logger, send: @escaping @Sendable (ByteBuffer) async throws -> Void) {
        self.logger = logger
        self.send = send
    }

    /// What servers ask clients.
    private static let methods: Set<String> = ["elicitation/create", "sampling/createMessage", "roots/list"]

    /// Takes a question in. Does not wait.
    ///
    /// - Parameters:
    ///   - asked: the call it belongs to; nil: it cannot be told to which.
    ///   - isGuess: whether it may belong to another call of the same client instead.
    func take(
        _ id: JSONValue, method: String, params: JSONValue?, for asked: (id: Int, handler: any SessionHandler)?, isGuess: Bool = false
    ) {
        let refusal: JSONRPCError?
        if method == "ping" {
            return start(id, call: 0) { SessionWords.answer(ByteBuffer(staticString: "{}"), to: id) }
        } else if !Self.methods.contains(method) {
            refusal = JSONRPCError(.methodNotFound, "The client does not have this method", id: id)
        } else if asked == nil {
            refusal = JSONRPCError(.methodNotFound, "It is not known which call this belongs to", id: id)
        } else {
            refusal = nil
        }
        guard let asked, refusal == nil else {
            return start(id, call: 0) { [refusal] in refusal?.bytes ?? ByteBuffer() }
        }
        guard count(asked.id) else {
            return start(id, call: 0) { JSONRPCError(.overloaded, "Too many questions in one call", id: id).bytes }
        }
        let request = ClientRequest(method: method, params: params?.rawBytes ?? ByteBuffer(staticString: "{}"))
        start(id, call: asked.id, isGuess: isGuess) {
            do throws(JSONRPCError) {
                return SessionWords.answer(try await asked.handler.asked(request), to: id)
            } catch {
                var error = error
                error.id = id
                return error.bytes
            }
        }
    }

    private func count(_ call: Int) -> Bool {
        state.withLockedValue { state in
            let count = state.counts[call, default: 0]
            guard count < SessionLimits.questions, state.open.values.count(where: { $0.call == call }) < SessionLimits.openQuestions else {
                return false
            }
            state.counts[call] = count + 1
            return true
        }
    }

    private func start(_ id: JSONValue, call: Int, isGuess: Bool = false, _ answer: @escaping @Sendable () async -> ByteBuffer) {
        let key = id.rawBytes
        state.withLockedValue { state in
            // A second question of the same id is no question, and what answers by itself is bounded, too.
            guard state.open[key] == nil, state.open.count < 4 * SessionLimits.requests else { return }
            // Nobody waits for it; it is cancelled with the call it belongs to, or by the server.
            let task = Task { [self] in
                let message = await answer()
                if !Task.isCancelled {
                    do {
                        try await send(message)
                    } catch {
                        logger.info("an answer to a server was not sent", metadata: ["error": "\(error)"])
                    }
                }
                self.state.withLockedValue { $0.open[key] = nil }
            }
            state.open[key] = Question(call: call, isGuess: isGuess, task: task)
        }
    }

    /// The server does not want to know any more.
    func cancel(_ id: JSONValue?) {
        guard let id else { return }
        state.withLockedValue { $0.open.removeValue(forKey: id.rawBytes) }?.task.cancel()
    }

    /// A call is over, and with it what was asked in it.
    ///
    /// - Parameter successor: what may have been meant for another call goes on in this one; nil: there is none.
    func end(call: Int, successor: Int? = nil) {
        let questions = state.withLockedValue { state in
            state.counts[call] = nil
            guard !state.open.isEmpty else { return [Question]() }
            if let successor {
                for (key, question) in state.open where question.call == call && question.isGuess { state.open[key]?.call = successor }
            }
            let ended = state.open.filter { $0.value.call == call }
            for key in ended.keys { state.open[key] = nil }
            return Array(ended.values)
        }
        for question in questions { question.task.cancel() }
    }
}
