import HubCore
import NIOCore

/// Reads the events of a call of Model Studio, one after another.
///
/// `finish_reason` is the text `null` until the last. With `incremental_output` each `text` is more of the answer. A workflow that streams messages of
/// its nodes has them in `workflow_message`, and no `text`.
struct ModelStudioReader: Sendable {
    /// What an event means.
    enum Step: Sendable, Hashable {
        /// More text.
        case text(String)
        /// What the application is at.
        case progress(String)
    }

    /// The session, once it is known.
    private(set) var session: String?
    /// Whether the answer is whole.
    private(set) var isComplete = false
    /// What it cost; nil: not said.
    private(set) var usage: JSONTree?
    /// What it is based on; nil: nothing.
    private(set) var references: JSONTree?

    private static let longestSession = 256

    /// Takes one event.
    ///
    /// - Throws: `ApplicationFailure` where it is one.
    mutating func take(_ event: JSONValue, isError: Bool) throws(ApplicationFailure) -> [Step] {
        guard !isError, event["output"] != nil || event["code"]?.string == nil else {
            throw ApplicationFailure(event, status: event["status_code"]?.int ?? 0)
        }
        let output = event["output"]
        if let id = output?["session_id"]?.string, !id.isEmpty, id.utf8.count <= Self.longestSession { session = id }
        if let usage = event["usage"], usage.kind == .object, usage.count > 0 { self.usage = JSONTree(usage) }
        if let found = output?["doc_references"], found.kind == .array, found.count > 0 { references = JSONTree(found) }
        if let reason = output?["finish_reason"]?.string, reason != "null", !reason.isEmpty { isComplete = true }
        var steps: [Step] = []
        for thought in output?["thoughts"]?.elements ?? .none {
            let word = [thought["thought"], thought["action_name"], thought["node_name"]].compactMap { $0?.string }.first { !$0.isEmpty }
            if let word { steps.append(.progress(word)) }
        }
        let message = output?["workflow_message"]
        let text = output?["text"]?.string ?? ""
        if !text.isEmpty {
            steps.append(.text(text))
        } else if let text = message?["message"]?["content"]?.string, !text.isEmpty {
            steps.append(.text(text))
        }
        return steps
    }

    /// What is noted of a session.
    static func note(_ session: String) -> ByteBuffer { JSONTree.object(["session": .string(session)]).bytes }

    /// The session that was noted.
    static func session(_ note: ByteBuffer?) -> String? {
        // What is no note says nothing.
        note.flatMap { try? JSONDocument(parsing: $0, limits: .payload).root["session"]?.string }
    }
}
