import CHubSystem
import Glibc
import NIOConcurrencyHelpers

/// The process that starts the programs: one for the whole hub, from the first program on. It ends with the hub.
final class ProcessSteward: Sendable {
    /// The one there is.
    static let shared = ProcessSteward()

    /// What became of a program's message.
    enum Outcome {
        case taken
        /// The steward has too much to do at the moment.
        case busy
        case failed(code: CInt)
    }

    private struct State {
        var socket: CInt = -1
        var process: pid_t = 0
    }

    private let state = NIOLockedValueBox(State())

    /// Hands a program over. The steward has copies of the descriptors afterwards; the caller keeps its own.
    ///
    /// Never waits, but for making the steward's process once.
    func run(_ message: [UInt8], descriptors: [CInt]) -> Outcome {
        state.withLockedValue { state in
            // A second time where the steward was killed since the last program.
            for _ in 0..<2 {
                if state.socket < 0, unsafe hub_start_steward(&state.socket, &state.process) != 0 { return .failed(code: errno) }
                if unsafe hub_send_descriptors(state.socket, descriptors, descriptors.count, message, message.count) >= 0 { return .taken }
                switch errno {
                case EAGAIN, ENOBUFS, ENOMEM, ETOOMANYREFS: return .busy
                case EPIPE, ECONNRESET, ENOTCONN: Self.takeLeave(of: &state)
                default: return .failed(code: errno)
                }
            }
            return .failed(code: EPIPE)
        }
    }

    /// Only a process that ends closes its socket, so this does not wait for long.
    private static func takeLeave(of state: inout State) {
        close(state.socket)
        while waitpid(state.process, nil, 0) < 0, errno == EINTR {}
        state = State()
    }
}
