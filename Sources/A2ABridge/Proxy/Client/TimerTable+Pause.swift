import HubCore
import NIOConcurrencyHelpers

extension TimerTable {
    /// Waits.
    ///
    /// - Throws: `CancellationError`, at once.
    func pause(for duration: Duration) async throws {
        let state = NIOLockedValueBox<(isOver: Bool, waiter: CheckedContinuation<Void, Never>?)>((false, nil))
        let end: @Sendable () -> Void = {
            let waiter = state.withLockedValue { state in
                defer { state = (true, nil) }
                return state.waiter
            }
            waiter?.resume()
        }
        let timer = add(due: .now + duration, action: end)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    if !state.isOver { state.waiter = continuation }
                    return state.isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end()
        }
        remove(timer)
        try Task.checkCancellation()
    }
}
