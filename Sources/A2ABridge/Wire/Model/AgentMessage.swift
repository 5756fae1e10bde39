import HubCore
import NIOCore

/// Who wrote a message.
enum MessageRole: String, Sendable, Hashable, CaseIterable {
    /// The client.
    case user
    /// The agent.
    case agent
}

/// One turn of a conversation between a client and an agent.
struct AgentMessage: Sendable, Hashable {
    /// Made by who wrote it.
    var messageID: String
    /// The conversation it belongs to, where there is one already.
    var contextID: String?
    /// The task it belongs to, where there is one already.
    var taskID: String?
    /// Who wrote it.
    var role: MessageRole
    /// What it says.
    var parts: [MessagePart]
    /// A JSON object of anything.
    var metadata: ByteBuffer?
    /// The URIs of the extensions that had a hand in it.
    var extensions: [String] = []
    /// Tasks that it refers to.
    var referenceTaskIDs: [String] = []
}

extension AgentMessage {
    /// Reads a message.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        messageID = try source.requiredText("messageId")
        contextID = try source.text("contextId")
        taskID = try source.text("taskId")
        role = try MessageRole(source.required("role"))
        parts = try source.list(source["parts"] == nil ? "content" : "parts") { part throws(WireProblem) in try MessagePart(part) }
        metadata = try source.anything("metadata")
        extensions = try source.texts("extensions")
        referenceTaskIDs = try source.texts("referenceTaskIds")
    }

    /// Writes the message.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            if dialect == .v0_3 { json.member("kind", "message") }
            json.member("messageId", messageID)
            json.optional("contextId", contextID)
            json.optional("taskId", taskID)
            json.member("role", role.name(in: dialect))
            json.list(dialect == .v0_3Proto ? "content" : "parts", parts) { part, json in part.write(to: &json, as: dialect) }
            json.optional("metadata", raw: metadata)
            json.optional("extensions", extensions)
            if dialect != .v0_3Proto { json.optional("referenceTaskIds", referenceTaskIDs) }
        }
    }
}

extension MessageRole {
    /// Reads a role, by its name in any dialect or by its number.
    init(_ source: WireValue) throws(WireProblem) {
        switch (source.json.string, source.json.int) {
        case ("user", _), ("ROLE_USER", _), (_, 1): self = .user
        case ("agent", _), ("ROLE_AGENT", _), (_, 2): self = .agent
        default: throw source.problem(.unknownValue)
        }
    }

    /// Its name in a dialect.
    func name(in dialect: A2ADialect) -> String {
        if dialect == .v0_3 { return rawValue }
        return self == .user ? "ROLE_USER" : "ROLE_AGENT"
    }
}
