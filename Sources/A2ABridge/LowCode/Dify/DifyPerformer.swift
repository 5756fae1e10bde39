import HTTPTypes
import HubCore
import Logging
import NIOCore

/// An agent that is an application of Dify: each message begins a run, or answers one that waits.
///
/// 1. What the application needs and nobody said is asked for. 2. A run is always streamed. 3. A run that waits for people waits for the client's
/// next message, whose answer goes to the form; then the run is followed again. 4. A conversation of the client is one of the application: its id
/// is in the notes.
struct DifyPerformer: AgentPerformer {
    let application: DifyApplication
    let client: ApplicationClient
    let gate: SkillGate

    var remembers: Bool { true }

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) { try gate.check(message, context: context) }

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        var run = Run(performer: self, turn: turn)
        defer { application.leaves(run.note.task) }
        do {
            if turn.note == nil, run.note != DifyNote() { try await tell(.note(run.note.bytes)) }
            if run.note.isPaused { try await run.resume(tell) } else { try await run.begin(tell) }
        } catch let failure as ApplicationFailure {
            throw failure.error
        } catch let error as CancellationError {
            if let name = run.note.task, !application.isStopping(name) {
                // Awaited here; a task of its own, because this one is cancelled.
                await Task { await stop(name, turn.context) }.value
            }
            throw error
        }
    }

    /// Stops the run at the application; one that does not stop is given up all the same.
    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws {
        guard let name = DifyNote(note).task else { return }
        if !task.status.state.isInterrupted { application.stops(name) }
        await stop(name, context)
    }

    private func stop(_ name: String, _ context: CallContext) async {
        do {
            let body = JSONTree.object(["user": .string(context.opaqueUser)]).bytes
            _ = try await client.object(.post, application.kind.stopPath(name), body, context: context)
        } catch {
            context.logger.warning("an application was not stopped", metadata: ["agent": "\(client.agent)", "error": "\(error)"])
        }
    }
}

extension DifyPerformer {
    /// The work on one message.
    fileprivate struct Run {
        let performer: DifyPerformer
        let turn: AgentTurn
        let user: String
        var note: DifyNote

        init(performer: DifyPerformer, turn: AgentTurn) {
            (self.performer, self.turn, user) = (performer, turn, turn.context.opaqueUser)
            note = turn.note.map { DifyNote($0) } ?? DifyNote(turn.earlierNote).inherited
        }

        private var client: ApplicationClient { performer.client }
        private var context: CallContext { turn.context }
        private var kind: DifyApplication.Kind { performer.application.kind }
        private var upload: DifyUpload { DifyUpload(client: client, user: user, context: context) }

        private func ask(_ question: SkillQuestion, _ tell: (AgentOutput) async throws -> Void) async throws {
            try await tell(.status(.inputRequired, saying: question.parts))
        }
    }
}

extension DifyPerformer.Run {
    // MARK: A run that begins

    mutating func begin(_ tell: (AgentOutput) async throws -> Void) async throws {
        // In a conversation that goes on the variables were said before.
        let form = await performer.application.current(client, context)?.form
        let wanted = note.conversation == nil ? form : form.map { _ in DifyForm(nil) }
        var intent = DifyIntent(turn.task.history.filter { $0.role == .user }, form: wanted, kind: kind)
        let (variables, rest) = intent.assignedFiles(wanted)
        var missing = (wanted?.missing(in: intent.inputs) ?? []).filter { argument in
            !variables.contains { $0.input.argument.name == argument.name }
        }
        if kind.chats, intent.query.isEmpty { missing.insert(DifyIntent.query, at: 0) }
        guard missing.isEmpty else {
            return try await ask(.missing(missing, of: client.tool, known: intent.inputs), tell)
        }
        try await tell(.status(.working))
        for (input, files) in variables {
            let references = try await upload.references(files)
            intent.inputs[input.argument.name] = input.kind == .files ? .array(references) : references.first
        }
        Self.resolveAddresses(in: &intent.inputs, of: wanted)
        let files = try await upload.references(rest)
        let events: ApplicationEvents
        do {
            events = try await client.events(.post, kind.path, body(intent, files), context: context)
        } catch let failure as ApplicationFailure where failure.status == 404 && note.conversation != nil {
            // What is not known there any more would fail for ever.
            try await tell(.note(DifyNote().bytes))
            throw HubError(.upstreamFailed, "The application knows the conversation no more; the next message begins another")
        }
        try await follow(events, isResumed: false, tell)
    }

    private func body(_ intent: DifyIntent, _ files: [JSONTree]) -> ByteBuffer {
        var body: JSONObject = [
            "inputs": .object(intent.inputs), "response_mode": .string("streaming"), "user": .string(user),
        ]
        if kind.chats {
            body["query"] = .string(intent.query)
            body["conversation_id"] = .string(note.conversation ?? "")
            body["auto_generate_name"] = .bool(false)
        }
        if !files.isEmpty { body["files"] = .array(files) }
        return JSONTree.object(body).bytes
    }

    /// Variables that take files and have an address get what the application takes for one.
    private static func resolveAddresses(in inputs: inout JSONObject, of form: DifyForm?) {
        for input in form?.inputs ?? [] where input.kind == .file || input.kind == .files {
            let name = input.argument.name
            if let address = inputs[name]?.string, let reference = DifyUpload.reference(address: address) {
                inputs[name] = input.kind == .file ? reference : .array([reference])
            } else if let values = inputs[name]?.array {
                inputs[name] = .array(values.map { value in value.string.flatMap { DifyUpload.reference(address: $0) } ?? value })
            }
        }
    }

    // MARK: A run that waits

    mutating func resume(_ tell: (AgentOutput) async throws -> Void) async throws {
        if let form = note.forms.first, let token = form.token {
            let content = MessageContent(turn.message)
            var (inputs, action) = form.answer(content)
            if let asked = turn.asked.flatMap({ SkillQuestion($0) }) {
                for (name, value) in asked.arguments where inputs[name] == nil && form.form[name] != nil { inputs[name] = value }
            }
            for file in content.files {
                let free = form.form.inputs.first { ($0.kind == .file || $0.kind == .files) && inputs[$0.argument.name] == nil }
                guard let free else { break }
                let references = try await upload.references(free.kind == .files ? content.files : [file])
                inputs[free.argument.name] = free.kind == .files ? .array(references) : references.first
            }
            Self.resolveAddresses(in: &inputs, of: form.form)
            let missing = form.form.missing(in: inputs).map(\.name) + (action == nil ? [DifyHumanForm.actionMember] : [])
            guard missing.isEmpty, let action else {
                return try await ask(
                    form.question(client.tool, known: inputs, because: "Still needed: \(missing.joined(separator: ", "))"), tell)
            }
            do {
                let body: JSONObject = ["inputs": .object(inputs), "action": .string(action), "user": .string(user)]
                let path = "/form/human_input/\(PercentEncoding.encode(token))"
                _ = try await client.object(.post, path, JSONTree.object(body).bytes, context: context)
            } catch let failure as ApplicationFailure where failure.status == 400 {
                return try await ask(form.question(client.tool, known: inputs, because: failure.text), tell)
            } catch let failure as ApplicationFailure where failure.status == 412 {
                // Answered elsewhere, or too late: the run goes on in its own way.
            }
            note.answered.append(token)
            note.forms.removeFirst()
            try await tell(.note(note.bytes))
            if let next = note.forms.first(where: { $0.token != nil }) { return try await ask(next.question(client.tool), tell) }
        }
        guard let run = note.run else { throw ApplicationEvents.nonsense }
        note.forms = []
        try await tell(.status(.working))
        let path = "/workflow/\(PercentEncoding.encode(run))/events?user=\(user)&include_state_snapshot=true&continue_on_pause=true"
        try await follow(try await client.events(.get, path, context: context), isResumed: true, tell)
    }

    // MARK: A run under way

    private mutating func follow(
        _ events: ApplicationEvents, isResumed: Bool, _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        var events = events
        defer { events.cancel() }
        note.isPaused = false
        var reader = DifyReader(note: note, isResumed: isResumed)
        var (text, progress) = (answerText, WorkProgress(isTold: performer.application.tellsProgress))
        var files: [MessagePart] = []
        while reader.end == nil, let batch = try await next(of: &events) {
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
            if reader.note != note, reader.end != .paused {
                note = reader.note
                try await tell(.note(note.bytes))
            }
            try await text.flush(tell)
        }
        // It ended because its client wants it no more, whatever it says itself.
        if performer.application.isStopping(note.task) { return try await tell(.status(.canceled)) }
        switch reader.end ?? (reader.isAnswered ? .completed : nil) {
        case nil: throw ApplicationEvents.cut
        case .failed(let failure): throw failure.error
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

    /// The next events; none where a run breaks off that is being stopped.
    private func next(of events: inout ApplicationEvents) async throws -> [ServerSentEvent]? {
        do {
            return try await events.next()
        } catch let error as HubError {
            guard performer.application.isStopping(note.task) else { throw error }
            return nil
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
            try await tell(.artifact(Artifact(artifactID: "\(text.id)-file-\(index + 1)", name: file.filename, parts: [file])))
        }
        try await tell(.relayed(TaskStatus(state: .completed), metadata: metadata))
    }
}
