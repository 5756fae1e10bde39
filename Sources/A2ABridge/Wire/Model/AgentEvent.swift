import HubCore
import NIOCore

/// A task has come to another status.
struct StatusUpdate: Sendable, Hashable {
    /// The task.
    var taskID: String
    /// The conversation it belongs to.
    var contextID: String
    /// Where it stands now.
    var status: TaskStatus
    /// A JSON object of anything.
    var metadata: ByteBuffer?
}

/// A task has made an artifact, or some more of one.
struct ArtifactUpdate: Sendable, Hashable {
    /// The task.
    var taskID: String
    /// The conversation it belongs to.
    var contextID: String
    /// What is new.
    var artifact: Artifact
    /// Whether its parts go behind those there are, instead of in their place.
    var append = false
    /// Whether nothing follows for this artifact.
    var isLastChunk = false
    /// A JSON object of anything.
    var metadata: ByteBuffer?
}

/// What an agent answers a message with, and what a stream consists of.
enum AgentEvent: Sendable, Hashable {
    /// The task, as it stands.
    case task(AgentTask)
    /// An answer without a task.
    case message(AgentMessage)
    /// Another status.
    case statusUpdate(StatusUpdate)
    /// An artifact.
    case artifactUpdate(ArtifactUpdate)
}

extension AgentEvent {
    private enum Kind: String, CaseIterable {
        case task = "task"
        case message = "message"
        case statusUpdate = "status-update"
        case artifactUpdate = "artifact-update"

        /// The name of the member that holds such an event.
        var wrapper: String {
            switch self {
            case .task, .message: rawValue
            case .statusUpdate: "statusUpdate"
            case .artifactUpdate: "artifactUpdate"
            }
        }
    }

    /// Reads an event: in 1.0 an object with one member that says which, in 0.3 with a `kind`, or likewise over HTTP+JSON.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        if source.dialect.version == .v0_3, let kind = source["kind"] {
            guard let name = kind.json.string, let known = Kind(rawValue: name) else { throw kind.problem(.unknownValue) }
            self = try Self.read(known, source)
            return
        }
        let kinds = Kind.allCases.filter { source[$0.wrapper] != nil }
        guard let kind = kinds.first, kinds.count == 1, source.dialect != .v0_3 else { throw source.problem(.notOneOf) }
        self = try Self.read(kind, source.required(kind.wrapper))
    }

    private static func read(_ kind: Kind, _ source: WireValue) throws(WireProblem) -> AgentEvent {
        switch kind {
        case .task: .task(try AgentTask(source))
        case .message: .message(try AgentMessage(source))
        case .statusUpdate: .statusUpdate(try StatusUpdate(source))
        case .artifactUpdate: .artifactUpdate(try ArtifactUpdate(source))
        }
    }

    /// Writes the event.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        guard dialect != .v0_3 else { return writeBare(to: &json, as: dialect) }
        json.object { json in
            json.key(kind.wrapper)
            writeBare(to: &json, as: dialect)
        }
    }

    private var kind: Kind {
        switch self {
        case .task: .task
        case .message: .message
        case .statusUpdate: .statusUpdate
        case .artifactUpdate: .artifactUpdate
        }
    }

    private func writeBare(to json: inout JSONWriter, as dialect: A2ADialect) {
        switch self {
        case .task(let task): task.write(to: &json, as: dialect)
        case .message(let message): message.write(to: &json, as: dialect)
        case .statusUpdate(let update): update.write(to: &json, as: dialect)
        case .artifactUpdate(let update): update.write(to: &json, as: dialect)
        }
    }
}

extension StatusUpdate {
    /// Reads an update. What 0.3 says of the end of the stream is left to the stream.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        taskID = try source.requiredText("taskId")
        contextID = try source.requiredText("contextId")
        status = try TaskStatus(source.required("status"))
        metadata = try source.anything("metadata")
    }

    /// Writes the update.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            if dialect == .v0_3 { json.member("kind", "status-update") }
            json.member("taskId", taskID)
            json.member("contextId", contextID)
            json.key("status")
            status.write(to: &json, as: dialect)
            if dialect.version == .v0_3 { json.member("final", status.state.endsStream) }
            json.optional("metadata", raw: metadata)
        }
    }
}

extension ArtifactUpdate {
    /// Reads an update.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        taskID = try source.requiredText("taskId")
        contextID = try source.requiredText("contextId")
        artifact = try Artifact(source.required("artifact"))
        append = try source.flag("append") ?? false
        isLastChunk = try source.flag("lastChunk") ?? false
        metadata = try source.anything("metadata")
    }

    /// Writes the update.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            if dialect == .v0_3 { json.member("kind", "artifact-update") }
            json.member("taskId", taskID)
            json.member("contextId", contextID)
            json.key("artifact")
            artifact.write(to: &json, as: dialect)
            if append { json.member("append", true) }
            if isLastChunk { json.member("lastChunk", true) }
            json.optional("metadata", raw: metadata)
        }
    }
}
