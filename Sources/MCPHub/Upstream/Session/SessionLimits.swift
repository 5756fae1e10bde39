import HubCore

/// What a server may ask of the hub, whatever it sends.
enum SessionLimits {
    /// Requests that one session performs side by side.
    static let requests = 256
    /// The bytes of one message.
    static let message = JSONLimits.message
    /// The messages of one batch (2025-03-26 and before).
    static let batch = 256
    /// The events that come before the result of one request.
    static let events = 1 << 16
    /// The bytes of a notification; a larger one is dropped.
    static let notification = 64 << 10
    /// The questions of one call that wait for an answer at the same time.
    static let openQuestions = 32
    /// The questions of one call in all.
    static let questions = 256
    /// The bytes of an error's text.
    static let errorText = 1 << 10
    /// The bytes of an error's data; larger data is left out.
    static let errorData = 16 << 10
    /// The bytes of a refusal that are read to see whether it is a message.
    static let refusal = 1 << 20
    /// How often the stream of one request is taken up again.
    static let resumptions = 256
    /// How often in a row taking it up again may fail.
    static let failedResumptions = 3
    /// How long what nobody waits for may take: cancellations, answers to questions, the end of a session.
    static let courtesy = Duration.seconds(5)
    /// How long a server that speaks in lines has to say whether it is modern.
    static let probe = Duration.seconds(2)
    /// How long a stream must have been open to count as one that stays.
    static let standing = Duration.seconds(10)
    /// How long before a stream that ended is opened again: from, to.
    static let reconnect = (least: Duration.seconds(1), most: Duration.seconds(60))
}

/// The server cannot have begun with a request, because it did not know the session, or the session had ended: the cause of an error whose
/// request may be sent again in another session.
enum SessionLoss: Error {
    /// The session had ended before.
    case ended
    /// The server did not know it, or does not speak its era any more.
    case unknown
}

/// What a server sent is no message of MCP, for a reason that only the log may show.
struct UnreadableMessage: Error {
    let cause: (any Error)?
}

extension HubError {
    /// What the server sent cannot be read.
    static func noMCP(cause: (any Error)? = nil) -> HubError {
        HubError(.upstreamFailed, "The server answered something that is no MCP", cause: UnreadableMessage(cause: cause))
    }

    /// Whether it is `noMCP`: the server has answered, and it will not be better for asking again.
    var isNoMCP: Bool { cause is UnreadableMessage }

    /// There is no session any more.
    static let sessionEnded = HubError(.upstreamFailed, "The session with the server has ended", cause: SessionLoss.ended)
    /// The server did not know the session.
    static let sessionUnknown = HubError(.upstreamFailed, "The server does not know the session any more", cause: SessionLoss.unknown)
    /// The channel ended under a request.
    static let serverGone = HubError(.upstreamFailed, "The server ended before it had answered")
    /// The deadline has passed.
    static let serverTooSlow = HubError(.upstreamTimeout, "The server did not answer in time")
}
