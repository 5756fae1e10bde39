import HubCore

/// Reads the events of a run of Dify, one after another, and says what each means. Unknown ones mean nothing.
///
/// 1. `message`, `agent_message` and `text_chunk` are more text. 2. A `message` after `agent_message` repeats the whole answer: it counts where it
/// differs, and nothing was replaced. 3. `message_replace` and `text_replace` are the whole answer in place of all before. 4. `message_end` ends
/// what has no workflow; `workflow_finished` what has one. 5. `error` ends either. 6. A workflow waits at `workflow_paused`, for the forms told
/// before it.
struct DifyReader: Sendable {
    /// What an event means.
    enum Step: Sendable, Hashable {
        /// More text.
        case text(String)
        /// The whole text, in place of all before.
        case replace(String)
        /// What the run is at.
        case progress(String)
        /// A file of the answer, by its address, or by its path at that of the application.
        case file(MessagePart)
    }

    /// How a run ends, or rests.
    enum End: Sendable, Hashable {
        case completed
        case failed(ApplicationFailure)
        case stopped
        case paused
    }

    /// What is known of the run, and what it waits for.
    private(set) var note: DifyNote
    /// How it ended; nil: not yet.
    private(set) var end: End?
    /// Whether the answer is whole, though perhaps not the workflow around it.
    private(set) var isAnswered = false
    /// What a workflow gives.
    private(set) var outputs: JSONTree?
    /// What the run cost, and what it is based on.
    private(set) var metadata = JSONObject()

    private let isResumed: Bool
    private var hasWorkflow = false
    private var agentText: String?
    private var isReplaced = false
    private var fileCount = 0

    private static let (longestID, mostForms, mostFiles) = (256, 16, 64)

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - note: what is known already.
    ///   - isResumed: whether the run waited before: its pauses are told again, which means nothing.
    init(note: DifyNote, isResumed: Bool) { (self.note, self.isResumed) = (note, isResumed) }

    /// Takes one event.
    ///
    /// - Returns: what it means for the client.
    mutating func take(_ event: JSONValue) -> [Step] {
        if let id = Self.id(event["task_id"]) { note.task = id }
        if let id = Self.id(event["workflow_run_id"]) { note.run = id }
        if let id = Self.id(event["conversation_id"]) { note.conversation = id }
        let data = event["data"]
        switch event["event"]?.string {
        case "message": return message(event["answer"]?.string ?? "")
        case "agent_message":
            let text = event["answer"]?.string ?? ""
            agentText = (agentText ?? "") + text
            return [.text(text)]
        case "text_chunk": return [.text(data?["text"]?.string ?? "")]
        case "message_replace": return replace(event["answer"]?.string ?? "")
        case "text_replace": return replace(data?["text"]?.string ?? "")
        case "agent_thought": return thought(event)
        case "node_started": return data?["title"]?.string.map { [.progress($0)] } ?? []
        case "node_finished", "node_retry": return nodeEnd(data)
        case "message_file": return event["belongs_to"]?.string == "user" ? [] : files([event])
        case "message_end": return messageEnd(event)
        case "workflow_started": hasWorkflow = true
        case "workflow_finished": return workflowEnd(data)
        case "human_input_required": addForm(data)
        case "human_input_form_timeout": return [.progress("The time for an answer has passed")]
        case "workflow_paused":
            // A run that goes on is told of with the pause that was, until it is under way.
            if !note.forms.isEmpty || !isResumed { end = .paused }
        case "error": end = .failed(ApplicationFailure(event, status: 0))
        default: break
        }
        return []
    }

    private static func id(_ value: JSONValue?) -> String? {
        guard let id = value?.string, !id.isEmpty, id.utf8.count <= longestID else { return nil }
        return id
    }

    // MARK: Text

    private mutating func message(_ text: String) -> [Step] {
        guard let whole = agentText else { return [.text(text)] }
        return isReplaced || whole == text || text.isEmpty ? [] : [.replace(text)]
    }

    private mutating func replace(_ text: String) -> [Step] {
        isReplaced = true
        return [.replace(text)]
    }

    // MARK: Progress

    private func thought(_ event: JSONValue) -> [Step] {
        if let thought = event["thought"]?.string, !thought.isEmpty { return [.progress(thought)] }
        if let tool = event["tool"]?.string, !tool.isEmpty { return [.progress("Uses \(tool)")] }
        return []
    }

    private func nodeEnd(_ data: JSONValue?) -> [Step] {
        guard let title = data?["title"]?.string, let status = data?["status"]?.string, status != "succeeded", status != "running" else {
            return []
        }
        return [.progress("\(title): \(status)")]
    }

    // MARK: Files

    private mutating func files(_ files: some Sequence<JSONValue>) -> [Step] {
        var steps: [Step] = []
        for file in files where fileCount < Self.mostFiles {
            // Where a server does not know its own address, it gives paths.
            guard let url = file["url"]?.string ?? file["remote_url"]?.string,
                ["https://", "http://"].contains(where: url.hasPrefix) || Self.isPath(url)
            else { continue }
            fileCount += 1
            let kind = file["type"]?.string
            let type = file["mime_type"]?.string ?? (["image", "audio", "video"].contains(kind) ? kind.map { "\($0)/*" } : nil)
            steps.append(.file(MessagePart(content: .url(url), filename: file["filename"]?.string, mediaType: type)))
        }
        return steps
    }

    private static func isPath(_ url: String) -> Bool {
        url.hasPrefix("/") && !url.hasPrefix("//") && url.utf8.count <= 4_096
            && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }
    }

    // MARK: Ends

    private mutating func messageEnd(_ event: JSONValue) -> [Step] {
        isAnswered = true
        for name in ["usage", "retriever_resources"] {
            guard let value = event["metadata"]?[name], !value.isNull, value.kind != .array || value.count > 0 else { continue }
            metadata[name] = JSONTree(value)
        }
        if !hasWorkflow { end = .completed }
        return files(event["files"]?.elements ?? .none)
    }

    private mutating func workflowEnd(_ data: JSONValue?) -> [Step] {
        var usage = JSONObject()
        for name in ["total_tokens", "total_steps", "elapsed_time"] {
            if let value = data?[name], value.kind == .number { usage[name] = JSONTree(value) }
        }
        if metadata["usage"] == nil, !usage.isEmpty { metadata["usage"] = .object(usage) }
        switch data?["status"]?.string {
        case "succeeded", "partial-succeeded":
            if let outputs = data?["outputs"], outputs.kind == .object, outputs.count > 0 { self.outputs = JSONTree(outputs) }
            end = .completed
            return files(data?["files"]?.elements ?? .none)
        case "stopped": end = .stopped
        case "paused": if !isResumed || !note.forms.isEmpty { end = .paused }
        case let status:
            let reason = data?["error"]?.string ?? (status.map { "The workflow ended as \($0)" } ?? "")
            end = .failed(ApplicationFailure(status: 0, message: reason))
        }
        return []
    }

    private mutating func addForm(_ data: JSONValue?) {
        guard note.forms.count < Self.mostForms, let form = data.flatMap({ DifyHumanForm($0) }) else { return }
        guard form.token.map({ !note.answered.contains($0) }) ?? !isResumed, !note.forms.contains(form) else { return }
        note.forms.append(form)
    }
}
