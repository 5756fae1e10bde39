import NIOConcurrencyHelpers

/// Work that is cancelled when its time is up.
public enum LimitedWork {
    /// Runs work.
    ///
    /// - Parameters:
    ///   - due: nil: it may take as long as it takes.
    ///   - timers: must be driven.
    ///   - late: what is thrown where the time was up.
    ///   - work: heeds cancellation.
    /// - Throws: what the work throws, or `late` where it was cancelled because of its limit.
    public static func run<Value: Sendable>(
        until due: ContinuousClock.Instant?, timers: TimerTable, late: HubError, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let due else { return try await work() }
        // Awaited below; cancelled by the timer or with this task. It stays on the caller's loop, where what it begins goes on.
        let task = Task(executorPreference: LoopTaskExecutor.current) { try await work() }
        let isLate = NIOLockedValueBox(false)
        let timer = timers.add(due: due) {
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
            throw isLate.withLockedValue { $0 } ? late : error
        }
    }
}
