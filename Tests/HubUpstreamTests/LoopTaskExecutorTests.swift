import HubCore
import NIOCore
import NIOPosix
import Testing

@Suite("Tasks on event loops", .timeLimit(.minutes(1)))
struct LoopTaskExecutorTests {
    private let executor = LoopTaskExecutor.executor(for: MultiThreadedEventLoopGroup.singleton.any())

    @Test("a task that keeps to a loop is carried by it, with its children, and also when it began there at once")
    func carried() async throws {
        let carried = await Task(executorPreference: executor) { [executor] in
            async let child = executor.carriesCurrentTask
            return await [executor.carriesCurrentTask, child]
        }.value
        #expect(carried == [true, true])
        let immediate = try await executor.eventLoop.submit { [executor] in
            Task.immediate(executorPreference: executor) {
                let atOnce = executor.carriesCurrentTask
                await Task.yield()
                return [atOnce, executor.carriesCurrentTask]
            }
        }.get().value
        #expect(immediate == [true, true])
    }

    @Test("a task that keeps to none is carried by none, wherever its last wait has left it")
    func notCarried() async {
        #expect(!executor.carriesCurrentTask)
        await withTaskExecutorPreference(executor) { await Self.hop() }
        #expect(!executor.carriesCurrentTask)
    }

    @concurrent private static func hop() async { await Task.yield() }
}
