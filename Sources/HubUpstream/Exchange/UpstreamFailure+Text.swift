import Glibc
import NIOCore

/// What the operator reads of it.
extension UpstreamFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .unreachable(let error as IOError) where error.errnoCode == ECONNREFUSED: "connection refused: nobody listens there"
        case .unreachable(let error as IOError) where [EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode): "there is no way to it"
        case .unreachable(let error): "no connection: \(error)"
        case .connectTimeout: "no connection in time"
        case .addressRefused: "its address is not allowed"
        case .saturated: "every connection is in use"
        case .closedUnanswered: "the connection was closed before an answer"
        case .brokenOff(let error): "the answer broke off" + (error.map { ": \($0)" } ?? "")
        case .malformed(let error): "the answer is not HTTP: \(error)"
        case .compression(let error): "the answer cannot be decompressed: \(error)"
        case .timeout: "no answer in time"
        case .credential(let failure): "no credential: \(failure)"
        case .request(let error): "the request broke off: \(error)"
        case .cancelled: "the caller went away"
        case .other(let error): "\(error)"
        }
    }
}
