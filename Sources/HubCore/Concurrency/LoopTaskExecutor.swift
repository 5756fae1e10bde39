import NIOConcurrencyHelpers
public import NIOCore

/// Runs tasks on an event loop, so that a request that begins there, calls an upstream from there and is answered there changes no thread.
public final class LoopTaskExecutor: TaskExecutor {
    /// The loop.
    public let eventLoop: any EventLoop

    private init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// One for each loop of the process; they live as long as it does, because a job refers to its executor without owning it.
    private static let executors = NIOLockedValueBox<[ObjectIdentifier: LoopTaskExecutor]>([:])

    /// The executor of a loop.
    public static func executor(for eventLoop: any EventLoop) -> LoopTaskExecutor {
        executors.withLockedValue { executors in
            let id = ObjectIdentifier(eventLoop)
            if let executor = executors[id] { return executor }
            let executor = LoopTaskExecutor(eventLoop)
            executors[id] = executor
            return executor
        }
    }

    /// That of the loop this is called on, for tasks that are to stay where their maker is; nil elsewhere.
    public static var current: LoopTaskExecutor? {
        executors.withLockedValue { $0.values.first { $0.eventLoop.inEventLoop } }
    }

    /// Whether the current task keeps to this executor and is on its loop: what it waits for, it goes on with here.
    ///
    /// To be on the loop is not enough. A task that waited for what was done on a loop may go on there, though it keeps to no executor, up
    /// to when it next waits; then it goes on elsewhere.
    public var carriesCurrentTask: Bool {
        guard eventLoop.inEventLoop else { return false }
        return unsafe withUnsafeCurrentTask { task in unsafe task?.unownedTaskExecutor == asUnownedTaskExecutor() }
    }

    /// Runs a job on the loop.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
