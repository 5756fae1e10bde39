/// Wakes the one task that looks after something: any number of calls while it works wake it once.
struct Wakeup: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes it.
    func ring() { continuation.yield() }
    /// Ends its waiting for good.
    func finish() { continuation.finish() }
    /// What it waits on.
    var calls: AsyncStream<Void> { stream }
}
