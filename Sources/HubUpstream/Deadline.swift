import HubCore
import NIOConcurrencyHelpers

/// The time for something ran out.
struct DeadlineExceeded: Error {}

/// Runs `body` and cancels it when it takes longer than `limit`.
///
/// - Throws: `DeadlineExceeded`, or what `body` throws.
func withDeadline<Value: Sendable>(
    _ limit: Duration, timers: TimerTable, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let task = Task { try await body() }  // awaited below; cancelled by the timer or with this task
    let isLate = NIOLockedValueBox(false)
    let timer = timers.add(due: .now + limit) {
        isLate.withLockedValue { $0 = true }
        task.cancel()
    }
    defer { timers.remove(timer) }
    do {
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    } catch {
        throw isLate.withLockedValue { $0 } ? DeadlineExceeded() : error
    }
}
