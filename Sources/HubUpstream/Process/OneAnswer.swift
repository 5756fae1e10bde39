import NIOConcurrencyHelpers

/// Waits for one answer, or for its task to be cancelled, whichever is first; the other is dropped.
final class OneAnswer<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case early(Result<Value, any Error>)
        case done
    }

    private let state = NIOLockedValueBox(State.idle)

    /// Gives the answer. Only the first counts.
    func give(_ result: Result<Value, any Error>) {
        let waiting: CheckedContinuation<Value, any Error>? = state.withLockedValue { state in
            switch state {
            case .idle:
                state = .early(result)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .early, .done: return nil
            }
        }
        waiting?.resume(with: result)
    }

    /// Waits for it, once. Where the task is cancelled, `mayEnd` says whether the wait may end: not where an answer is on its way already.
    func value(mayEnd: @escaping @Sendable () -> Bool = { true }) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let early: Result<Value, any Error>? = state.withLockedValue { state in
                    if case .early(let result) = state {
                        state = .done
                        return result
                    }
                    state = .waiting(continuation)
                    return nil
                }
                if let early { continuation.resume(with: early) }
            }
        } onCancel: {
            if mayEnd() { give(.failure(CancellationError())) }
        }
    }
}
