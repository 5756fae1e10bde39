import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Keeps one token for many requests, and has it asked for and renewed.
///
/// Asking is a task of its own: whoever began it may go while others wait. It ends within the limits of the token service.
final class TokenCache: Sendable {
    /// Asks for a token; given the one in force, which some services renew.
    typealias Obtain = @Sendable (_ current: Secret?, Logger) async throws(CredentialFailure) -> TokenGrant
    /// A token, or why there is none.
    typealias Outcome = Result<TokenStateMachine.Token, UpstreamFailure>

    private struct State {
        var machine: TokenStateMachine
        var next: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
    }

    private let state: NIOLockedValueBox<State>
    private let timers: TimerTable
    private let now: @Sendable () -> ContinuousClock.Instant
    private let obtain: Obtain

    /// - Parameters:
    ///   - share: which part of its life a token is used before it is renewed.
    ///   - timers: keeps the deadlines of those who wait.
    ///   - now: the time.
    ///   - obtain: asks for a token; ends by itself.
    init(share: Double = 0.8, timers: TimerTable, now: @escaping @Sendable () -> ContinuousClock.Instant, obtain: @escaping Obtain) {
        state = NIOLockedValueBox(State(machine: TokenStateMachine(share: share)))
        self.timers = timers
        self.now = now
        self.obtain = obtain
    }

    /// A token in force, waited for where there is none.
    ///
    /// - Parameter refused: the number of a token that does not do any more; 0 for none.
    func token(refused: Int = 0, for asker: Asker) async throws(UpstreamFailure) -> TokenStateMachine.Token {
        if let token = state.withLockedValue({ $0.machine.settled(refused: refused, now: now()) }) { return token }
        return try await wanted(refused: refused, for: asker).get()
    }

    /// A token in place of one that an upstream refused; nil where there is none, or none is asked for so soon.
    func replacement(for refused: Int, asker: Asker) async -> TokenStateMachine.Token? {
        guard state.withLockedValue({ $0.machine.isReplaceable(refused: refused, now: now()) }) else { return nil }
        // Without one the upstream's refusal is the answer; the log has heard why from whoever asked.
        return try? await token(refused: refused, for: asker)
    }

    private func wanted(refused: Int, for asker: Asker) async -> Outcome {
        let id = state.withLockedValue { state in
            state.next += 1
            return state.next
        }
        let left = asker.deadline == .distantFuture ? nil : asker.deadline - .now()
        let timer = left.map { left in timers.add(due: .now + .nanoseconds(left.nanoseconds)) { self.end(id, .timeout) } }
        defer { if let timer { timers.remove(timer) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (known, asks) = state.withLockedValue { state -> (Outcome?, Bool) in
                    guard !Task.isCancelled else { return (.failure(.cancelled), false) }
                    switch state.machine.wants(refused: refused, now: now()) {
                    case .use(let token, let renews): return (.success(token), renews)
                    case .fail(let failure): return (.failure(.credential(failure)), false)
                    case .wait(let asks):
                        state.waiting[id] = continuation
                        return (nil, asks)
                    }
                }
                if asks { ask(asker.logger) }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            end(id, .cancelled)
        }
    }

    /// One of those who wait does so no more.
    private func end(_ id: UInt64, _ failure: UpstreamFailure) {
        let waiting = state.withLockedValue { $0.waiting.removeValue(forKey: id) }
        waiting?.resume(returning: .failure(failure))
    }

    private func ask(_ logger: Logger) {
        // Those who wait for it are told when it ends, which the limits of the token service see to; nobody cancels it.
        Task {
            let asked = now()
            let current = state.withLockedValue { $0.machine.token?.value }
            let outcome: Outcome
            let waiting: [CheckedContinuation<Outcome, Never>]
            do throws(CredentialFailure) {
                let grant = try await obtain(current, logger)
                (outcome, waiting) = state.withLockedValue { state in
                    (.success(state.machine.obtained(grant, asked: asked)), Self.takeWaiting(&state))
                }
            } catch {
                logger.log(level: error.isNews ? .warning : .debug, "no token was given", metadata: ["error": "\(error)"])
                (outcome, waiting) = state.withLockedValue { state in
                    state.machine.failed(error, now: now())
                    return (.failure(.credential(error)), Self.takeWaiting(&state))
                }
            }
            for continuation in waiting { continuation.resume(returning: outcome) }
        }
    }

    private static func takeWaiting(_ state: inout State) -> [CheckedContinuation<Outcome, Never>] {
        defer { state.waiting = [:] }
        return Array(state.waiting.values)
    }
}
