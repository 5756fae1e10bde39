import HubCore
import NIOCore

/// What a caller is told of an answer besides what the model says. Ids and times are values, so that an answer is a function of its events.
struct AnswerFrame: Sendable, Hashable {
    /// The answer's id in the caller's dialect.
    var id: String
    /// When it began, in seconds since 1970.
    var created: Int
    /// The model, for a provider that does not name it.
    var model: String
    /// Whether a stream says what it used.
    var includesUsage = false
    /// The id of the request, for errors of Anthropic's dialect.
    var requestID: String?
    /// Members of the request that an answer repeats, for the dialect that wants them.
    var echo: [JSONMember] = []
}

/// Writes an answer in a caller's dialect.
protocol AnswerEncoder: Sendable {
    /// An encoder of one stream.
    init(_ frame: AnswerFrame)

    /// Writes what an event comes to, which may be nothing yet.
    mutating func write(_ event: ChatEvent, to buffer: inout ByteBuffer)

    /// The body of an answer in one piece.
    static func body(_ answer: ChatAnswer, _ frame: AnswerFrame) -> ByteBuffer
}
