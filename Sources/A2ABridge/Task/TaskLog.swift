import NIOCore

/// All that happened to a task, in order: nothing in it is ever changed. What the protocol tells of a task are views of its log.
///
/// 1. A task begins with a message and is submitted, or is rejected at once.
/// 2. While it has not ended, it takes messages of its client, artifacts, and any status but a return to `submitted` or to none.
/// 3. A message of the client to a task that waits for it is the next turn: what the task asked becomes history.
/// 4. When it has ended it takes nothing. Cancelling what is canceled already is not an error, and adds nothing.
struct TaskLog: Sendable {
    /// One thing that happened.
    enum Entry: Sendable, Hashable {
        /// The client said something.
        case message(AgentMessage)
        /// The task came to a status; the metadata is that of the event.
        case status(TaskStatus, metadata: ByteBuffer?)
        /// The task made something.
        case artifact(ArtifactUpdate)
        /// The agent answered without a task: nothing follows.
        case reply(AgentMessage)
        /// What the performer wants to know when the next message comes, a JSON object; nobody is told.
        case note(ByteBuffer)
    }

    /// How much a log may hold: a task of another's agent may go on for ever.
    struct Bounds: Sendable, Hashable {
        /// The most entries.
        var entries = 10_000
        /// The most that all of them may take, in bytes.
        var bytes = 64 << 20
    }

    /// What happened, oldest first; a position is an index into it.
    private(set) var entries: [Entry] = []
    /// How the task stands after the last of them.
    private(set) var task: AgentTask
    /// The answer of an agent that makes no task of the message.
    private(set) var reply: AgentMessage?
    /// What the performer noted last.
    private(set) var note: ByteBuffer?
    private var size = 0
    private let bounds: Bounds

    /// The log of a task that begins.
    ///
    /// - Parameters:
    ///   - id: of the task; the hub makes it.
    ///   - contextID: of the conversation.
    ///   - message: what it begins with; gets both ids.
    ///   - time: when.
    init(id: String, contextID: String, message: AgentMessage, time: WireTime?, metadata: ByteBuffer? = nil, bounds: Bounds = Bounds()) {
        self.bounds = bounds
        var message = message
        (message.taskID, message.contextID) = (id, contextID)
        let status = TaskStatus(state: .submitted, timestamp: time)
        task = AgentTask(id: id, contextID: contextID, status: status, history: [message], metadata: metadata)
        add(.message(message))
        add(.status(status, metadata: nil))
    }

    /// Where the next entry will be.
    var position: Int { entries.count }

    // MARK: What happens

    /// Takes a message of the client.
    ///
    /// - Throws: `A2AFailure` with `unsupportedOperation` when the task has ended, `invalidParameters` when the message is for another.
    mutating func append(_ message: AgentMessage) throws(A2AFailure) {
        guard !task.status.state.isTerminal else {
            throw A2AFailure(.unsupportedOperation, "The task has ended and takes no more messages")
        }
        guard message.taskID == nil || message.taskID == task.id else { throw Self.mismatch("message.taskId") }
        guard message.contextID == nil || message.contextID == task.contextID else { throw Self.mismatch("message.contextId") }
        var message = message
        (message.taskID, message.contextID) = (task.id, task.contextID)
        try checkRoom(.message(message))
        add(.message(message))
        if let asked = task.status.message {
            task.history.append(asked)
            task.status.message = nil
        }
        task.history.append(message)
    }

    /// Takes a status that the task came to.
    ///
    /// - Throws: `A2AFailure` with `invalidAgentResponse` where no task can come to it from where it is.
    mutating func append(_ status: TaskStatus, metadata: ByteBuffer? = nil) throws(A2AFailure) {
        guard Self.allows(status.state, after: task.status.state) else {
            throw A2AFailure(.invalidAgentResponse, "A task cannot come to that state from the one it is in")
        }
        var entry = Entry.status(status, metadata: metadata)
        do {
            try checkRoom(entry)
        } catch {
            guard status.state.isTerminal else { throw error }
            entry = .status(TaskStatus(state: status.state, timestamp: status.timestamp), metadata: nil)  // an end always has room
        }
        add(entry)
        if case .status(let status, _) = entry { task.apply(status) }
    }

    /// Takes an artifact that the task made, or some more of one.
    ///
    /// - Throws: `A2AFailure` with `invalidAgentResponse` when the task has ended, or there is nothing to add to.
    mutating func append(_ update: ArtifactUpdate) throws(A2AFailure) {
        guard !task.status.state.isTerminal else { throw A2AFailure(.invalidAgentResponse, "A task that has ended makes nothing") }
        var update = update
        (update.taskID, update.contextID) = (task.id, task.contextID ?? "")
        try checkRoom(.artifact(update))
        guard task.apply(update) else { throw A2AFailure(.invalidAgentResponse, "There is no such artifact to add to") }
        add(.artifact(update))
    }

    /// Takes an answer without a task: what clients may ask of the task says that it is completed.
    ///
    /// - Throws: `A2AFailure` with `invalidAgentResponse` when more was told already.
    mutating func append(reply: AgentMessage) throws(A2AFailure) {
        guard task.status.state == .submitted, task.artifacts.isEmpty else {
            throw A2AFailure(.invalidAgentResponse, "An agent that has begun a task answers with that")
        }
        var reply = reply
        (reply.taskID, reply.contextID) = (nil, task.contextID)
        try checkRoom(.reply(reply))
        add(.reply(reply))
        self.reply = reply
        task.apply(TaskStatus(state: .completed, message: reply, timestamp: task.status.timestamp))
    }

    /// Takes a note of the performer.
    mutating func append(note: ByteBuffer) throws(A2AFailure) {
        try checkRoom(.note(note))
        add(.note(note))
        self.note = note
    }

    /// Ends the task for its client.
    ///
    /// - Returns: whether that is news: a task that is canceled already stays so.
    /// - Throws: `A2AFailure` with `taskNotCancelable` when it has ended in another way.
    mutating func cancel(time: WireTime?) throws(A2AFailure) -> Bool {
        if task.status.state == .canceled { return false }
        guard !task.status.state.isTerminal else { throw A2AFailure(.taskNotCancelable, "The task has ended already") }
        try append(TaskStatus(state: .canceled, timestamp: time))
        return true
    }

    /// Whether a task may come from one state to another.
    static func allows(_ next: TaskState, after state: TaskState) -> Bool {
        switch next {
        case .unspecified: false
        case .submitted: false
        case .working, .inputRequired, .authRequired, .completed, .failed, .canceled, .rejected: !state.isTerminal
        }
    }

    private func checkRoom(_ entry: Entry) throws(A2AFailure) {
        guard entries.count < bounds.entries, entry.size <= bounds.bytes - size else {
            throw A2AFailure(.tooLarge, "The task has grown too large")
        }
    }

    private mutating func add(_ entry: Entry) {
        size += entry.size
        entries.append(entry)
    }

    private static func mismatch(_ field: String) -> A2AFailure {
        A2AFailure(.invalidParameters, "\(field) is of another task", violations: [.init(field: field, description: "is of another task")])
    }

    // MARK: What is told

    /// What a subscriber is told of: everything from a position on that is an event. Messages of the client are none.
    ///
    /// - Parameter position: of the first entry that the subscriber has not had.
    func events(from position: Int) -> [AgentEvent] {
        entries.indices.dropFirst(max(0, position)).compactMap(event(at:))
    }

    /// What a stream of the task begins with, and the position from which it goes on.
    ///
    /// - Throws: `A2AFailure` with `unsupportedOperation` when the task has ended: there is nothing to wait for.
    func subscription(historyLength: Int? = nil) throws(A2AFailure) -> (first: AgentEvent, position: Int) {
        guard !task.status.state.isTerminal else {
            throw A2AFailure(.unsupportedOperation, "The task has ended; there is nothing to wait for")
        }
        return (.task(task.showing(historyLength: historyLength)), position)
    }

    /// Whether a call that waits is answered now: the task has ended, or waits for its client.
    var isSettled: Bool { task.status.state.isTerminal || task.status.state.isInterrupted }
}
