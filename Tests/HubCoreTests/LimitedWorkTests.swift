import HubCore
import NIOConcurrencyHelpers
import Testing

@Suite("Work with a limit of time", .timeLimit(.minutes(1)))
struct LimitedWorkTests {
    private static let late = HubError(.upstreamTimeout, "Too late")
    private let timers = TimerTable()

    /// Work that ends with its task alone.
    private static func wait(_ hasBegun: NIOLockedValueBox<Bool>) async throws {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        hasBegun.withLockedValue { $0 = true }
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
        try Task.checkCancellation()
    }

    @Test("what is done in time is given back, and leaves no timer", arguments: [true, false])
    func inTime(isLimited: Bool) async throws {
        let due = isLimited ? ContinuousClock.now + .seconds(9) : nil
        #expect(try await LimitedWork.run(until: due, timers: timers, late: Self.late) { 7 } == 7)
        #expect(timers.count == 0)
        await #expect(throws: CancellationError.self) {
            try await LimitedWork.run(until: due, timers: timers, late: Self.late) { throw CancellationError() }
        }
    }

    @Test("what is not done in time is cancelled, and said to be late")
    func late() async throws {
        let (hasBegun, timers) = (NIOLockedValueBox(false), timers)
        let running = Task {
            try await LimitedWork.run(until: .now + .seconds(9), timers: timers, late: Self.late) { try await Self.wait(hasBegun) }
        }
        while !hasBegun.withLockedValue({ $0 }) || timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(10))
        await #expect { try await running.value } throws: { ($0 as? HubError)?.code == .upstreamTimeout }
        #expect(timers.count == 0)
    }

    @Test("work ends with whoever waits for it, and is not late then")
    func cancelled() async throws {
        let (hasBegun, timers) = (NIOLockedValueBox(false), timers)
        let running = Task {
            try await LimitedWork.run(until: .now + .seconds(9), timers: timers, late: Self.late) { try await Self.wait(hasBegun) }
        }
        while !hasBegun.withLockedValue({ $0 }) { await Task.yield() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(timers.count == 0)
    }
}
