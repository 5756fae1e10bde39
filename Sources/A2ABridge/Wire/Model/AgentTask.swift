import HubCore
import NIOCore

/// Where a task stands, and since when.
struct TaskStatus: Sendable, Hashable {
    /// What has become of the task.
    var state: TaskState
    /// What the agent says about it.
    var message: AgentMessage?
    /// When it came to this.
    var timestamp: WireTime?
}

/// A piece of work that an agent does: as much of it as one answer tells.
struct AgentTask: Sendable, Hashable {
    /// Made by the agent.
    var id: String
    /// The conversation it belongs to.
    var contextID: String?
    /// Where it stands.
    var status: TaskStatus
    /// What it made so far.
    var artifacts: [Artifact] = []
    /// The messages so far, oldest first.
    var history: [AgentMessage] = []
    /// A JSON object of anything.
    var metadata: ByteBuffer?
}

extension TaskStatus {
    /// Reads a status. A state that is not known is `unspecified`: a later version may have it.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        do {
            state = try source.state("state") ?? .unspecified
        } catch {
            guard source["state"]?.json.string != nil else { throw error }
            state = .unspecified
        }
        if let message = source["message"] { self.message = try AgentMessage(message) }
        timestamp = try source.time("timestamp")
    }

    /// Writes the status.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            json.member("state", state.name(in: dialect))
            if let message {
                json.key("message")
                message.write(to: &json, as: dialect)
            }
            json.optional("timestamp", timestamp?.description)
        }
    }
}

extension AgentTask {
    /// Reads a task.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        id = try source.requiredText("id")
        contextID = try source.text("contextId")
        status = try TaskStatus(source.required("status"))
        artifacts = try source.list("artifacts") { artifact throws(WireProblem) in try Artifact(artifact) }
        history = try source.list("history") { message throws(WireProblem) in try AgentMessage(message) }
        metadata = try source.anything("metadata")
    }

    /// Writes the task.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            if dialect == .v0_3 { json.member("kind", "task") }
            json.member("id", id)
            json.optional("contextId", contextID ?? (dialect == .v0_3 ? "" : nil))  // required by the schema of 0.3
            json.key("status")
            status.write(to: &json, as: dialect)
            if !artifacts.isEmpty { json.list("artifacts", artifacts) { artifact, json in artifact.write(to: &json, as: dialect) } }
            if !history.isEmpty { json.list("history", history) { message, json in message.write(to: &json, as: dialect) } }
            json.optional("metadata", raw: metadata)
        }
    }
}
