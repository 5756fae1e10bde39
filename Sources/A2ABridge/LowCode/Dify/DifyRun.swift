import HTTPTypes
import HubCore
import NIOCore

/// The work of an application of Dify on one message.
struct DifyRun {
    let performer: DifyPerformer
    let turn: AgentTurn
    let user: String
    var note: DifyNote

    init(performer: DifyPerformer, turn: AgentTurn) {
        (self.performer, self.turn, user) = (performer, turn, turn.context.opaqueUser)
        note = turn.note.map { DifyNote($0) } ?? DifyNote(turn.earlierNote).inherited
    }

    var client: ApplicationClient { performer.client }
    var context: CallContext { turn.context }
    var kind: DifyApplication.Kind { performer.application.kind }
    private var upload: DifyUpload { DifyUpload(client: client, user: user, context: context) }

    func ask(_ question: SkillQuestion, _ tell: (AgentOutput) async throws -> Void) async throws {
        try await tell(.status(.inputRequired, saying: question.parts))
    }

    // MARK: A run that begins

    mutating func begin(_ tell: (AgentOutput) async throws -> Void) async throws {
        // In a conversation that goes on the variables were said before.
        let form = await performer.application.current(client, context)?.form
        let wanted = note.conversation == nil ? form : form.map { _ in DifyForm(nil) }
        var intent = DifyIntent(turn.task.history.filter { $0.role == .user }, form: wanted, kind: kind)
        let (variables, rest) = (wanted ?? DifyForm(nil)).places(for: intent.files, beside: intent.inputs)
        var missing = (wanted?.missing(in: intent.inputs) ?? []).filter { argument in
            !variables.contains { $0.input.argument.name == argument.name }
        }
        if kind.chats, intent.query.isEmpty { missing.insert(DifyIntent.query, at: 0) }
        guard missing.isEmpty else {
            return try await ask(.missing(missing, of: client.tool, known: intent.inputs), tell)
        }
        try await tell(.status(.working))
        try await place(variables, in: &intent.inputs, of: wanted)
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

    /// Gives files to their variables; those that have an address instead get what the application takes for one.
    private func place(
        _ files: [(input: DifyForm.Input, files: [MessagePart])], in inputs: inout JSONObject, of form: DifyForm?
    ) async throws {
        for (input, files) in files {
            let references = try await upload.references(files)
            inputs[input.argument.name] = input.kind == .files ? .array(references) : references.first
        }
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
            try await place(form.form.places(for: content.files, beside: inputs).variables, in: &inputs, of: form.form)
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
}
