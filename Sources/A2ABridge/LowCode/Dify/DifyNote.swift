import HubCore
import NIOCore

/// What is noted between the messages of a task, and the tasks of a conversation.
struct DifyNote: Sendable, Hashable {
    /// The conversation at the application; nil: none yet.
    var conversation: String?
    /// The run under way, by the name that stops it.
    var task: String?
    /// The run under way, by the name under which it is followed again.
    var run: String?
    /// What the run waits for, each as the application told it.
    var forms: [DifyHumanForm] = []
    /// Whether the run waits.
    var isPaused = false
    /// The forms that were answered.
    var answered: [String] = []

    /// Nothing.
    init() {}

    /// Reads a note.
    init(_ bytes: ByteBuffer?) {
        // What is no note says nothing.
        guard let bytes, let root = (try? JSONDocument(parsing: bytes, limits: .payload))?.root else { return }
        conversation = root["conversation"]?.string
        task = root["task"]?.string
        run = root["run"]?.string
        isPaused = root["paused"]?.bool ?? false
        forms = (root["forms"]?.elements ?? .none).compactMap { DifyHumanForm($0) }
        answered = (root["answered"]?.elements ?? .none).compactMap(\.string)
    }

    /// What a task that begins takes over from the one before.
    var inherited: DifyNote {
        var note = DifyNote()
        note.conversation = conversation
        return note
    }

    /// The note as it is kept.
    var bytes: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.optional("conversation", conversation)
            json.optional("task", task)
            json.optional("run", run)
            if isPaused { json.member("paused", true) }
            if !forms.isEmpty { json.list("forms", forms) { form, json in form.tree.write(to: &json) } }
            json.optional("answered", answered)
        }
        return json.buffer
    }
}
