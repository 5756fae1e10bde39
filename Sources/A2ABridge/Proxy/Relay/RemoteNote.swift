import HubCore
import NIOCore

/// What is kept of a task elsewhere between its messages: who does it there, under which names.
struct RemoteNote: Sendable, Hashable {
    /// The release.
    var release: String
    /// What the agent calls the task; nil: not known yet.
    var taskID: String?
    /// What it calls the conversation.
    var contextID: String?

    /// A note.
    init(release: String, taskID: String? = nil, contextID: String? = nil) {
        (self.release, self.taskID, self.contextID) = (release, taskID, contextID)
    }

    /// Reads a note; nil where there is none, or it is of another kind of agent that had the same name before.
    init?(_ note: ByteBuffer?) {
        guard let note, let root = try? JSONDocument(parsing: note, limits: .message).root, let release = root["release"]?.string else {
            return nil
        }
        self.init(release: release, taskID: root["task"]?.string, contextID: root["context"]?.string)
    }

    /// The note as it is kept.
    var bytes: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.member("release", release)
            json.optional("task", taskID)
            json.optional("context", contextID)
        }
        return json.buffer
    }
}
