import Glibc
public import HubCore
public import NIOCore
public import NIOPosix

/// Starts the process of one server. Processes are ended with all that they started, also where the hub is killed.
///
/// ```swift
/// let source = ChildProcessSource(ChildProcessSettings(command: ["mcp-server-git", "--repository", "."]))
/// let channel = try await source.open()
/// ```
public final class ChildProcessSource: LineChannelSource {
    private let settings: ChildProcessSettings
    private let slots: ProcessSlots
    private let group: any EventLoopGroup

    /// A source that has started nothing. `group` is NIO's; its loops move the bytes.
    public init(_ settings: ChildProcessSettings, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.settings = settings
        self.group = group
        slots = ProcessSlots(maximum: settings.maximumProcesses)
    }

    /// How many processes run, those that are still ending included.
    public var runningProcesses: Int { slots.count }

    /// Waits until nothing of its processes is left.
    ///
    /// - Throws: `CancellationError`.
    public func waitUntilNoneRuns() async throws { try await slots.waitUntilNoneRuns() }

    /// Starts a process, and waits until its program runs.
    ///
    /// - Throws: `HubError`, whose cause says what to do in an operator's words; `CancellationError`.
    public func open() async throws -> any LineChannel {
        guard let slot = slots.take() else {
            throw HubError(.overloaded, "Too many processes of this server run already")
        }
        let message: [UInt8]
        do throws(ProgramMessage.Problem) {
            message = try ProgramMessage.bytes(of: settings)
        } catch {
            throw failure(error.description)
        }
        do {
            do {
                return try await open(message, slot)
            } catch let failure as ProcessFailure where failure.isLost {
                // The steward was killed with the message in its hands; there is another one now.
                return try await open(message, slot)
            }
        } catch let failure as ProcessFailure {
            throw self.failure(failure.description)
        }
    }

    /// - Throws: `ProcessFailure` where the program does not run.
    private func open(_ message: [UInt8], _ slot: ProcessSlots.Slot) async throws -> any LineChannel {
        let pipes: ProcessPipes
        do {
            pipes = try ProcessPipes()
        } catch {
            throw HubError(.overloaded, "The hub cannot open more files", cause: error)
        }
        let loop = group.next()
        let process = ChildProcess(maximumLineBytes: settings.maximumLineBytes, slot: slot)
        try await process.adopt(pipes, on: loop)
        // From here on the process ends with its channel, whatever is thrown.
        let channel = ChildProcessChannel(process)
        let limit = loop.scheduleTask(in: TimeAmount(settings.startLimit)) {
            process.hasStarted(.failure(ProcessFailure("it did not start in time")))
        }
        defer { limit.cancel() }
        try await hand(message, pipes, to: .shared, on: loop, process)
        try await process.waitForStart()
        return channel
    }

    /// Hands the program to the steward; tries again every few milliseconds where that is busy, until the time to start is up.
    private func hand(
        _ message: [UInt8], _ pipes: ProcessPipes, to steward: ProcessSteward, on loop: any EventLoop, _ process: ChildProcess
    ) async throws {
        while true {
            switch steward.run(message, descriptors: pipes.programEnds) {
            case .taken: return pipes.closeProgramEnds()
            case .failed(let code):
                throw ProcessFailure(KeeperNotice.failed(step: .fork, code: code).description)
            case .busy:
                guard !process.isSettled else { throw HubError(.overloaded, "The hub starts too many processes at once") }
                try Task.checkCancellation()
                try await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
            }
        }
    }

    private func failure(_ reason: String) -> HubError {
        HubError(.upstreamFailed, "The server's process cannot be started", cause: ProcessFailure("\(settings): \(reason)"))
    }
}

/// Why a process does not run or no longer does, in an operator's words: it may name a program.
struct ProcessFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether nobody said so: what was to start it has gone.
    var isLost = false

    init(_ description: String) {
        self.description = description
    }

    /// One of whom nothing was heard.
    static var lost: ProcessFailure {
        var failure = ProcessFailure("it was ended before it ran")
        failure.isLost = true
        return failure
    }
}
