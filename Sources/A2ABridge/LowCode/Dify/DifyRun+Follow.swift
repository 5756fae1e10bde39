import HTTPTypes
import HubCore
import Logging
import NIOCore

extension DifyRun {
    /// Follows a run to its end, or until it waits.
    ///
    /// - Parameter isResumed: whether it waited before.
    mutating func follow(
        _ events: ApplicationEvents, isResumed: Bool, _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        var events = events
        defer { events.cancel() }
        note.isPaused = false
        var reader = DifyReader(note: note, isResumed: isResumed)
        var (text, progress) = (answerText, WorkProgress(isTold: performer.application.tellsProgress))
        var files: [MessagePart] = []
        while reader.end == nil, let batch = try await next(of: &events, orEnd: &text, tell) {
            var failure: (any Error)?
            do {
                for event in batch where reader.end == nil {
                    for step in reader.take(try ApplicationEvents.object(event)) {
                        switch step {
                        case .text(let more): try text.add(more)
                        case .replace(let whole): try await text.replace(whole, tell)
                        case .progress(let word): try await progress.tell(word, tell)
                        case .file(let file): files.append(file)
                        }
                    }
                }
            } catch {
                failure = error  // what came before it is told first
            }
            if reader.note != note, reader.end != .paused {
                note = reader.note
                try await tell(.note(note.bytes))
            }
            try await text.flush(tell)
            if let failure {
                try await text.end(metadata: nil, tell)
                throw failure
            }
        }
        // It ended because its client wants it no more, whatever it says itself.
        if performer.application.isStopping(note.task) { return try await tell(.status(.canceled)) }
        switch reader.end ?? (reader.isAnswered ? .completed : nil) {
        case nil:
            try await text.end(metadata: nil, tell)
            throw ApplicationEvents.cut
        case .failed(let failure):
            try await text.end(metadata: nil, tell)
            throw failure.error
        case .stopped: try await tell(.status(.canceled, saying: [MessagePart(content: .text("The run was stopped at the application"))]))
        case .paused:
            try await text.end(metadata: nil, tell)
            note = reader.note
            note.isPaused = true
            // Those that can be answered here come first.
            note.forms = note.forms.filter { $0.token != nil } + note.forms.filter { $0.token == nil }
            try await tell(.note(note.bytes))
            try await ask(pause, tell)
        case .completed: try await complete(reader, text, files, tell)
        }
    }

    /// The next events; none where a run breaks off that is being stopped. Where it breaks off otherwise, what had come is told first.
    private func next(
        of events: inout ApplicationEvents, orEnd text: inout AnswerText, _ tell: (AgentOutput) async throws -> Void
    ) async throws -> [ServerSentEvent]? {
        do {
            return try await events.next()
        } catch let error as HubError {
            if performer.application.isStopping(note.task) { return nil }
            try await text.end(metadata: nil, tell)
            throw error
        }
    }

    private var answerText: AnswerText {
        let count = turn.task.artifacts.count
        return AnswerText(id: count == 0 ? "answer" : "answer-\(count + 1)", name: client.tool, isStreamed: turn.isStreamed)
    }

    private var pause: SkillQuestion {
        if let form = note.forms.first(where: { $0.token != nil }) { return form.question(client.tool) }
        let content = note.forms.first.map { "\n\n\($0.content)" } ?? ""
        return SkillQuestion(
            skill: client.tool, arguments: [:], schema: .object(["type": .string("object"), "properties": .object([:])]),
            text: "The run waits for somebody who is asked elsewhere. Any message looks whether it goes on.\(content)")
    }

    private func complete(
        _ reader: DifyReader, _ text: AnswerText, _ files: [MessagePart], _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        var text = text
        let metadata = reader.metadata.isEmpty ? nil : JSONTree.object(reader.metadata).bytes
        // The outputs of a flow that chats are its answer once more.
        let outputs = kind.chats ? nil : reader.outputs?.object
        if !text.hasText, let outputs, outputs.count == 1, let only = outputs[outputs.keys.first ?? ""]?.string { try text.add(only) }
        try await text.end(metadata: metadata, tell)
        if let outputs {
            let part = MessagePart(content: .data(JSONTree.object(outputs).bytes), mediaType: "application/json")
            try await tell(.artifact(Artifact(artifactID: "\(text.id)-outputs", name: "outputs", parts: [part], metadata: metadata)))
        }
        for (index, file) in files.enumerated() {
            guard let file = try await resolved(file) else { continue }
            try await tell(.artifact(Artifact(artifactID: "\(text.id)-file-\(index + 1)", name: file.filename, parts: [file])))
        }
        try await tell(.relayed(TaskStatus(state: .completed), metadata: metadata))
    }

    /// A file as clients can have it: one that has only a path at the application is fetched; nil where it is not to be had.
    private func resolved(_ file: MessagePart) async throws -> MessagePart? {
        guard case .url(let path) = file.content, path.hasPrefix("/") else { return file }
        do {
            let (bytes, type) = try await client.file(path, context: context)
            return MessagePart(content: .raw(bytes), filename: file.filename, mediaType: type?.essence ?? file.mediaType)
        } catch let error as CancellationError {
            throw error
        } catch {
            context.logger.info("a file of an application is not to be had", metadata: ["agent": "\(client.agent)", "error": "\(error)"])
            return nil
        }
    }
}
