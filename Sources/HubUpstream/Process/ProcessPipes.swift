import CHubSystem
import Glibc
import NIOCore
import NIOPosix

/// The descriptors between the hub and a program: those of one side are handed over, those of the other adopted. What is left closes with it.
final class ProcessPipes {
    /// What each is for, on both sides, in the order in which the steward takes them.
    enum Purpose: Int, CaseIterable {
        case input
        case output
        case errors
        /// Carries what the keeper tells; its end ends the program.
        case control
    }

    private var hubEnds: [CInt] = []
    private(set) var programEnds: [CInt] = []

    /// Opens all of them. Throws where the process may not open more files.
    init() throws {
        for purpose in Purpose.allCases {
            var ends: [CInt] = [-1, -1]
            let result =
                switch purpose {
                case .input, .output, .errors: unsafe hub_make_pipe(&ends)
                case .control: unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends)
                }
            guard result == 0 else { throw IOError(errnoCode: errno, reason: "pipe") }
            hubEnds.append(purpose == .input ? ends[1] : ends[0])
            programEnds.append(purpose == .input ? ends[0] : ends[1])
        }
    }

    deinit {
        for end in hubEnds + programEnds where end >= 0 { close(end) }
    }

    /// Closes the program's side, once the steward has it: its ends are seen only when the program's copies are the last.
    func closeProgramEnds() {
        for end in programEnds { close(end) }
        programEnds = []
    }

    /// Makes a channel of one of the hub's ends, which then owns it.
    func adopt(
        _ purpose: Purpose, on loop: any EventLoop, handler: @escaping @Sendable () -> any ChannelInboundHandler & Sendable
    ) async throws -> (channel: any Channel, descriptor: CInt) {
        let descriptor = hubEnds[purpose.rawValue]
        let bootstrap = NIOPipeBootstrap(group: loop)
            .channelOption(.autoRead, value: purpose != .output)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
            }
        let future =
            switch purpose {
            case .input: bootstrap.takingOwnershipOfDescriptor(output: descriptor)
            case .output, .errors, .control: bootstrap.takingOwnershipOfDescriptor(input: descriptor)
            }
        let channel = try await future.get()
        hubEnds[purpose.rawValue] = -1
        return (channel, descriptor)
    }
}
