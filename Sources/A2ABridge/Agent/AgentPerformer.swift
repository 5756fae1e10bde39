import HTTPTypes
import HubCore
import NIOCore

/// One message to an agent, with the task that it belongs to.
struct AgentTurn: Sendable {
    /// The task with its history, the last of which is the message.
    var task: AgentTask
    /// The message.
    var message: AgentMessage
    /// Whether somebody follows from the beginning, so that long answers are told in pieces.
    var isStreamed: Bool
    /// Who sent it; the task may outlast the request.
    var context: CallContext
    /// What the performer noted of this task last.
    var note: ByteBuffer?
    /// What it noted of the task before in the same conversation, where this one begins and it `remembers`.
    var earlierNote: ByteBuffer?
    /// What the request says beside the message.
    var request = TurnRequest()
    /// Whether the hub was stopped in the middle of it: the work is gone on with, and not begun again. Only where the performer `canResume`.
    var isResumed = false

    /// What the agent asked last, where this message answers it.
    var asked: AgentMessage? {
        let before = task.history.dropLast().last
        return before?.role == .agent ? before : nil
    }
}

/// What a request says beside its message, for a performer that passes it on.
struct TurnRequest: Sendable, Hashable {
    /// Its header fields.
    var fields = HTTPFields()
    /// Where callers find the agent; nil: the message did not come over HTTP.
    var address: String?
    /// The media types that the client can take; empty for any.
    var acceptedOutputModes: [String] = []
    /// What it says to the agent in JSON, an object of anything.
    var metadata: ByteBuffer?
    /// What a performer that `remembers` noted of the tasks that the message refers to, by their ids.
    var references: [String: ByteBuffer] = [:]
}

/// Something that an agent tells of its work.
enum AgentOutput: Sendable, Hashable {
    /// The task has come to a state; the parts are what the agent says about it.
    case status(TaskState, saying: [MessagePart] = [])
    /// The task has made something, or some more of it.
    case artifact(Artifact, append: Bool = false, isLast: Bool = true)
    /// The task has come to a status in the words of an agent elsewhere; its ids are put right. The metadata is that of the event.
    case relayed(TaskStatus, metadata: ByteBuffer? = nil)
    /// The task has made something in the words of an agent elsewhere; its ids are put right.
    case relayedArtifact(ArtifactUpdate)
    /// The answer, where the agent makes no task of the message; only as the first word of a performer that `mayReply`.
    case reply(AgentMessage)
    /// What it wants to know when the next message comes: a JSON object that is kept with the task and told to nobody.
    case note(ByteBuffer)
}

/// What does the work of an agent: tools of the hub, a low-code application, an agent elsewhere.
///
/// Conforming types are immutable, live as long as the agent that holds them, and are used by many tasks at once. They keep nothing between
/// messages: what a task has asked for stands in its history, and what else they have to know in its notes.
protocol AgentPerformer: Sendable {
    /// Looks at a message before anything is made of it.
    ///
    /// - Throws: `A2AFailure` where it cannot be taken, such as for a skill that there is not.
    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure)
    /// Does the work of one message.
    ///
    /// A task whose work ends without another word is completed.
    ///
    /// - Parameter tell: tells of the work, and comes back when that is stored.
    /// - Throws: `HubError` with the reason where the task fails; `CancellationError` where it is given up; what `tell` throws.
    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws
    /// Ends a task elsewhere for its client, which is told that it is canceled when this comes back; work that goes on is given up then.
    ///
    /// - Parameter note: what was noted of the task last.
    /// - Throws: `A2AFailure` with `taskNotCancelable` where it goes on.
    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws
    /// Whether the work of a message may be done again from its beginning, of which it is not known how far it came: only where that does no harm,
    /// because it reads, or has not begun.
    ///
    /// - Parameter turn: the message, with the task as it stands; the last of its history is the message.
    func mayRepeat(_ turn: AgentTurn) -> Bool
    /// Whether a task that the hub stopped in the middle of can be gone on with by what was noted of it last; otherwise it has failed.
    func canResume(_ note: ByteBuffer?) -> Bool
    /// Whether it may answer without a task: nobody is told of one before its first word.
    var mayReply: Bool { get }
    /// Whether a task that begins gets the notes of the one before in its conversation.
    var remembers: Bool { get }
}

extension AgentPerformer {
    /// Most work here, and are given up.
    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws {}
    /// Most do not know what came of it.
    func mayRepeat(_ turn: AgentTurn) -> Bool { false }
    /// Most work here, and what they did is lost.
    func canResume(_ note: ByteBuffer?) -> Bool { false }
    /// Most make a task of every message.
    var mayReply: Bool { false }
    /// Most begin anew.
    var remembers: Bool { false }
}
