import HubCore

/// What goes wrong with a server, as it is counted.
public enum ServerFailure: String, Sendable, Hashable, CaseIterable {
    /// It could not be reached, or not listed when it was.
    case unreachable
    /// Its lists could not be read again.
    case listFailed = "list_failed"
    /// The session that its lists are read in ended by itself.
    case sessionLost = "session_lost"
    /// A session for callers could not be begun.
    case sessionRefused = "session_refused"
    /// A call failed.
    case callFailed = "call_failed"
    /// A call was not answered in time.
    case callTimeout = "call_timeout"
    /// A call was answered with what makes no sense.
    case badAnswer = "bad_answer"
    /// A call found all sessions, or all places to wait for one, taken.
    case overload

    /// The failure that ended a call; nil where it is none of the server: the server refused, or the client went or did not answer.
    init?(ofCall error: any Error) {
        guard let error = error as? HubError, !(error.cause is ClientFault) else { return nil }
        switch error.code {
        case .upstreamTimeout: self = .callTimeout
        case .overloaded: self = .overload
        case .upstreamFailed: self = error.isNoMCP ? .badAnswer : .callFailed
        default: return nil
        }
    }
}

/// The cause of a failed call that is its client's doing.
struct ClientFault: Error {}
