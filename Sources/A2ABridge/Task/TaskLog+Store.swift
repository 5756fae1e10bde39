import HubCore
import NIOCore

/// How the entries of a log are kept: as JSON of 1.0, in an object whose one member says what happened.
extension TaskLog.Entry {
    /// The entry as a store keeps it.
    var stored: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            switch self {
            case .message(let message):
                json.key("message")
                message.write(to: &json, as: .v1_0)
            case .status(let status, let metadata):
                json.key("status")
                status.write(to: &json, as: .v1_0)
                json.optional("metadata", raw: metadata)
            case .artifact(let update):
                json.key("artifact")
                update.write(to: &json, as: .v1_0)
            case .reply(let message):
                json.key("reply")
                message.write(to: &json, as: .v1_0)
            case .note(let note): json.member("note", raw: note)
            }
        }
        return json.buffer
    }

    /// An entry is deeper than the payload in it, has more values, and texts that are longer when they are escaped: what was kept can be read.
    private static let limits = JSONLimits(
        maximumBytes: 512 << 20, maximumDepth: JSONLimits.payload.maximumDepth + 32,
        maximumValues: 2 * JSONLimits.payload.maximumValues, duplicateKeys: .accept)

    /// Reads an entry that a store kept.
    init(stored: ByteBuffer) throws {
        let source = WireValue(try JSONDocument(parsing: stored, limits: Self.limits).root, .v1_0)
        if let message = source["message"] {
            self = .message(try AgentMessage(message))
        } else if let status = source["status"] {
            self = .status(try TaskStatus(status), metadata: try source.anything("metadata"))
        } else if let reply = source["reply"] {
            self = .reply(try AgentMessage(reply))
        } else if let note = source["note"] {
            self = .note(note.ownBytes)  // also one that says nothing
        } else {
            self = .artifact(try ArtifactUpdate(source.required("artifact")))
        }
    }
}

extension TaskLog {
    /// The log of a task that a store kept.
    ///
    /// - Throws: what is wrong with an entry, or `A2AFailure` where they do not follow each other.
    init(id: String, contextID: String, stored: [ByteBuffer], bounds: Bounds = Bounds()) throws {
        try self.init(id: id, contextID: contextID, entries: stored.map { try Entry(stored: $0) }, bounds: bounds)
    }

    /// The log of a task with these entries.
    init(id: String, contextID: String, entries: [Entry], bounds: Bounds = Bounds()) throws {
        guard entries.count >= 2, case .message(let message) = entries[0], case .status(let status, _) = entries[1] else {
            throw A2AFailure(.internal, "The task was not kept whole")
        }
        self.init(id: id, contextID: contextID, message: message, time: status.timestamp, bounds: bounds)
        for entry in entries.dropFirst(2) { try append(entry) }
    }

    /// Takes what happened next.
    mutating func append(_ entry: Entry) throws(A2AFailure) {
        switch entry {
        case .message(let message): try append(message)
        case .status(let status, let metadata): try append(status, metadata: metadata)
        case .artifact(let update): try append(update)
        case .reply(let message): try append(reply: message)
        case .note(let note): try append(note: note)
        }
    }

    /// What subscribers are told of one entry; nil: nothing.
    func event(at position: Int) -> AgentEvent? {
        guard entries.indices.contains(position) else { return nil }
        switch entries[position] {
        case .message, .note: return nil
        case .reply(let message): return .message(message)
        case .status(let status, let metadata):
            return .statusUpdate(StatusUpdate(taskID: task.id, contextID: task.contextID ?? "", status: status, metadata: metadata))
        case .artifact(let update): return .artifactUpdate(update)
        }
    }
}
