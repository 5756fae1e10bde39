import HubCore
import NIOCore

/// What of an agent's words is news: what the log of a task has already is not told twice, in whichever way it comes.
///
/// 1. A status is news when the state is another, or when it says something that was not said. One that takes the task no further than
///    `submitted`, or to a state that is not known, is work.
/// 2. An artifact is news when it is another than the one there is. What is added to one is news, always: a stream whose events may be told
///    twice is not to be read (`RemoteFollower`). What is added to none begins it.
/// 3. A task, as it stands, is what its history says and was not heard, what its artifacts have more than is known, and then its status.
/// 4. An answer without a task is one as the first word for a task that begins. Later it is said by the task.
/// 5. Ids become those of the hub, and what points at one of the agent's interfaces points at the hub. Files elsewhere are left where they are.
struct RemoteProgress {
    /// What the agent calls the task, once it is known.
    private(set) var taskID: String?
    /// What it calls the conversation.
    private(set) var contextID: String?
    /// Where the task stands by the last word.
    private(set) var state: TaskState
    /// The agent has answered without a task.
    private(set) var hasReplied = false
    /// How much was news.
    private(set) var count = 0

    private struct Said: Hashable {
        var state: TaskState
        var messageID: String?
        var parts: [MessagePart]
        var metadata: ByteBuffer?
    }

    private var known: AgentTask
    private var said: Set<Said> = []
    private var heard: Set<String> = []
    /// What was said before the message: an agent may begin with how the task stood then.
    private let old: Set<String>
    private let places: RemotePlaces

    /// - Parameters:
    ///   - task: the hub's, with the message in it that the agent is given.
    ///   - taskID: what the agent calls it; nil where it begins.
    ///   - places: what is not to be told.
    init(_ task: AgentTask, taskID: String?, contextID: String?, places: RemotePlaces) {
        (known, self.taskID, self.contextID, self.places) = (task, taskID, contextID, places)
        state = task.status.state
        old = Set(task.history.map(\.messageID))
        heard = old
        // Where work is gone on with that was broken off, the agent may repeat what stands in the log.
        let words = task.history + (task.status.message.map { [$0] } ?? [])
        for message in words where message.role == .agent {
            heard.insert(message.messageID)
            said.insert(Said(state: .working, messageID: message.messageID, parts: message.parts, metadata: nil))
        }
    }

    /// Whether the agent has said its last word for now.
    var isSettled: Bool { hasReplied || state.endsStream }

    /// What is news of an event.
    ///
    /// - Throws: `A2AFailure` with `invalidAgentResponse` where it is of another task.
    mutating func take(_ event: AgentEvent) throws(A2AFailure) -> [AgentOutput] {
        switch event {
        case .task(let task): return try take(task)
        case .statusUpdate(let update):
            try takeIDs(update.taskID, update.contextID)
            return take(update.status, metadata: update.metadata)
        case .artifactUpdate(let update):
            try takeIDs(update.taskID, update.contextID)
            return take(update)
        case .message(let message): return try take(message)
        }
    }

    /// What is news of the task as it stands.
    mutating func take(_ task: AgentTask) throws(A2AFailure) -> [AgentOutput] {
        guard task.artifacts.count <= TaskLog.Bounds().entries else {
            throw A2AFailure(.tooLarge, "The agent's task has more artifacts than can be kept")
        }
        try takeIDs(task.id, task.contextID)
        var outputs: [AgentOutput] = []
        for message in task.history where message.role == .agent && message.messageID != task.status.message?.messageID {
            guard !heard.contains(message.messageID), !isSettled else { continue }
            outputs += take(TaskStatus(state: .working, message: message), metadata: nil)
        }
        for artifact in task.artifacts { outputs += takeWhole(artifact, isLast: task.status.state.isTerminal) }
        return outputs + take(task.status, metadata: nil)
    }

    private mutating func takeIDs(_ taskID: String, _ contextID: String?) throws(A2AFailure) {
        guard self.taskID == nil || self.taskID == taskID else {
            throw A2AFailure(.invalidAgentResponse, "The agent's answer is of another task")
        }
        self.taskID = taskID
        if let contextID, !contextID.isEmpty { self.contextID = contextID }
    }

    private mutating func take(_ message: AgentMessage) throws(A2AFailure) -> [AgentOutput] {
        guard taskID == nil else { return take(TaskStatus(state: .working, message: message), metadata: nil) }
        contextID = message.contextID ?? contextID
        hasReplied = true
        count += 1
        return [.reply(shown(message))]
    }

    private mutating func take(_ status: TaskStatus, metadata: ByteBuffer?) -> [AgentOutput] {
        guard !isSettled else { return [] }
        if status.state.isInterrupted, let id = status.message?.messageID, old.contains(id) { return [] }
        var status = status
        if status.state == .submitted || status.state == .unspecified { status.state = .working }
        let words = Said(
            state: status.state, messageID: status.message?.messageID, parts: status.message?.parts ?? [], metadata: metadata)
        let saysNothing = words.messageID == nil && metadata == nil
        guard status.state != state || !(saysNothing || said.contains(words)) else { return [] }
        said.insert(words)
        if let message = status.message { heard.insert(message.messageID) }
        state = status.state
        count += 1
        status.message = status.message.map(shown)
        return [.relayed(status, metadata: metadata)]
    }

    private mutating func take(_ update: ArtifactUpdate) -> [AgentOutput] {
        guard !isSettled else { return [] }
        var update = update
        update.artifact = shown(update.artifact)
        let before = known.artifacts.first { $0.artifactID == update.artifact.artifactID }
        if before == nil { update.append = false }
        if !update.append, before == update.artifact { return [] }
        count += 1
        _ = known.apply(update)  // there is something to add to, or nothing is added
        return [.relayedArtifact(update)]
    }

    private mutating func takeWhole(_ artifact: Artifact, isLast: Bool) -> [AgentOutput] {
        var update = ArtifactUpdate(taskID: "", contextID: "", artifact: artifact, isLastChunk: isLast)
        let now = artifact.parts.map(places.shown)
        if let before = known.artifacts.first(where: { $0.artifactID == artifact.artifactID })?.parts, before.count < now.count,
            now.starts(with: before)
        {
            update.append = true
            update.artifact.parts = Array(artifact.parts.dropFirst(before.count))
        }
        return take(update)
    }

    // MARK: What is shown

    private func shown(_ message: AgentMessage) -> AgentMessage {
        var message = message
        message.parts = message.parts.map(places.shown)
        // Those are the agent's names; the one that is known is that of this task.
        message.referenceTaskIDs = message.referenceTaskIDs.contains { $0 == taskID } ? [known.id] : []
        return message
    }

    private func shown(_ artifact: Artifact) -> Artifact {
        var artifact = artifact
        artifact.parts = artifact.parts.map(places.shown)
        return artifact
    }
}

/// Where an agent elsewhere is, which nobody is told.
struct RemotePlaces: Sendable, Hashable {
    /// The addresses of its interfaces, without a slash at the end.
    private var addresses: Set<String> = []
    /// Where callers find the agent; nil: not known.
    private var own: String?

    /// - Parameter own: where callers find it.
    init(_ card: AgentCard, own: String?) {
        addresses = Set(card.interfaces.map { Self.plain($0.url) })
        self.own = own
    }

    /// A part as callers see it: the address of an interface is that of the hub.
    func shown(_ part: MessagePart) -> MessagePart {
        guard case .url(let url) = part.content, addresses.contains(Self.plain(url)) else { return part }
        var part = part
        part.content = .url(own ?? "about:blank")
        return part
    }

    private static func plain(_ url: String) -> String { url.last == "/" ? String(url.dropLast()) : url }
}
