import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A value that one task waits for and another gives: the first word counts.
final class Awaited<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
    }

    private let state = NIOLockedValueBox(State.empty)

    /// Gives the value, or why there is none; false where there was a word before.
    @discardableResult
    func give(_ result: Result<Value, any Error>) -> Bool {
        let (counts, waiting): (Bool, CheckedContinuation<Value, any Error>?) = state.withLockedValue { state in
            switch state {
            case .given: return (false, nil)
            case .empty:
                state = .given(result)
                return (true, nil)
            case .waiting(let continuation):
                state = .given(result)
                return (true, continuation)
            }
        }
        waiting?.resume(with: result)
        return counts
    }

    /// Waits for it; for one task. Being cancelled counts as the word `CancellationError`.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let given: Result<Value, any Error>? = state.withLockedValue { state in
                    if case .given(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let given { continuation.resume(with: given) }
            }
        } onCancel: {
            give(.failure(CancellationError()))
        }
    }
}

extension TimerTable {
    /// Waits, without a timer left behind where the task is cancelled.
    func wait(_ duration: Duration) async throws {
        let due = Awaited<Void>()
        let timer = add(due: .now + duration) { due.give(.success(())) }
        defer { remove(timer) }
        try await due.value()
    }

    /// Waits for a value until `deadline`, then gives up with `failure`.
    func value<Value>(of awaited: Awaited<Value>, until deadline: NIODeadline, failure: HubError) async throws -> Value {
        guard deadline != .distantFuture else { return try await awaited.value() }
        let timer = add(due: .now + deadline.fromNow) { awaited.give(.failure(failure)) }
        defer { remove(timer) }
        return try await awaited.value()
    }
}

extension NIODeadline {
    /// The time until then; nothing where it has passed.
    var fromNow: Duration { max(.zero, Duration(self - .now())) }

    /// The time `duration` from now.
    static func now(plus duration: Duration) -> NIODeadline { .now() + TimeAmount(duration) }
}
