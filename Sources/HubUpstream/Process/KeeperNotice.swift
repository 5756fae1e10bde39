import CHubSystem
import Glibc
import NIOCore

/// What the keeper of a program tells, and how an operator reads it.
enum KeeperNotice: Hashable, CustomStringConvertible {
    /// The program runs.
    case started(process: Int32)
    /// The program cannot be started.
    case failed(step: Step, code: Int32)
    /// The program has ended, with a status as `waitpid` gives it.
    case ended(status: Int32)
    /// It has too many processes, so many at least, and is killed.
    case crowded(count: Int32)

    /// What failed.
    enum Step: UInt16 {
        case fork = 1
        case limits = 2
        case directory = 3
        case descriptors = 4
        case program = 5
    }

    /// How many bytes one takes.
    static let length = MemoryLayout<hub_notice>.size

    /// Reads one; nil where not all of it has come, or where it says nothing that is known.
    init?(from buffer: inout ByteBuffer) {
        guard
            let kind = buffer.readInteger(endianness: .host, as: UInt16.self),
            let step = buffer.readInteger(endianness: .host, as: UInt16.self),
            let value = buffer.readInteger(endianness: .host, as: Int32.self)
        else { return nil }
        switch UInt32(kind) {
        case HUB_NOTICE_STARTED.rawValue: self = .started(process: value)
        case HUB_NOTICE_FAILED.rawValue: self = .failed(step: Step(rawValue: step) ?? .fork, code: value)
        case HUB_NOTICE_ENDED.rawValue: self = .ended(status: value)
        case HUB_NOTICE_CROWDED.rawValue: self = .crowded(count: value)
        default: return nil
        }
    }

    /// One sentence without its full stop.
    var description: String {
        switch self {
        case .started(let process): "process \(process) runs"
        case .failed(let step, let code):
            switch step {
            case .fork: "no process could be made: \(Self.text(code))"
            case .limits: "its limits could not be set: \(Self.text(code))"
            case .directory: "its working directory cannot be entered: \(Self.text(code))"
            case .descriptors: "its descriptors could not be set: \(Self.text(code))"
            case .program: "the program cannot be run: \(Self.text(code))"
            }
        case .ended(let status):
            switch status & 0x7F {
            case 0: "ended with status \(status >> 8 & 0xFF)"
            case SIGXCPU: "ended because it kept a processor busy for longer than it may"
            case let signal: "ended by signal \(signal)"
            }
        case .crowded(let count): "killed because it had \(count) processes, more than it may"
        }
    }

    private static func text(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
