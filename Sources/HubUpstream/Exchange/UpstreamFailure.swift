import HubCore

/// Why there is no answer, or no more of one. What a caller is told of it is `hubError`; the log may show all of it.
enum UpstreamFailure: Error {
    /// No connection was made: its name is unknown, nobody listens, TLS failed.
    case unreachable(any Error)
    /// No connection was made in time.
    case connectTimeout
    /// The name has an address that the hub does not connect to.
    case addressRefused
    /// Every connection is in use, and too many wait for one, or did so for too long.
    case saturated
    /// The connection was closed before a byte of the answer came. `wasKept`: it had served before, so that the upstream may have closed it
    /// before it saw the request.
    case closedUnanswered(wasKept: Bool)
    /// The answer broke off.
    case brokenOff((any Error)?)
    /// The answer is not HTTP.
    case malformed(HTTP1Error)
    /// The answer could not be decompressed, or not within its limit.
    case compression(InflateError)
    /// The head or the rest of the answer did not come in time.
    case timeout
    /// There is nothing to show the upstream.
    case credential(CredentialFailure)
    /// What was to be sent broke off.
    case request(any Error)
    /// The caller went away.
    case cancelled
    /// Something else.
    case other(any Error)

    /// Whether not a byte of the request was sent: another address can be tried, whatever the method.
    var isBeforeSending: Bool {
        switch self {
        case .unreachable, .connectTimeout: true
        case .addressRefused, .saturated, .closedUnanswered, .brokenOff, .malformed, .compression, .timeout, .credential, .request,
            .cancelled,
            .other:
            false
        }
    }

    /// What a caller may know of it: never an address, never the text of a library's error.
    var error: any Error {
        switch self {
        case .unreachable: HubError(.upstreamFailed, "The upstream could not be reached", cause: self)
        case .connectTimeout: HubError(.upstreamTimeout, "The upstream could not be reached in time", cause: self)
        case .addressRefused: HubError(.addressRefused, "The upstream's address is not allowed")
        case .saturated: HubError(.overloaded, "Too many requests wait for the upstream", cause: self)
        case .closedUnanswered, .brokenOff:
            HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete", cause: self)
        case .malformed: HubError(.upstreamFailed, "The upstream's answer is not HTTP", cause: self)
        case .compression: HubError(.upstreamFailed, "The upstream's answer could not be decompressed within its limit", cause: self)
        case .timeout: HubError(.upstreamTimeout, "The upstream did not answer in time", cause: self)
        case .credential(let failure): failure.error
        case .request(let error): error
        case .cancelled: CancellationError()
        case .other: HubError(.upstreamFailed, "The upstream failed to answer", cause: self)
        }
    }
}
