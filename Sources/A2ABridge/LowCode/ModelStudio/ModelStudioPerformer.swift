import HTTPTypes
import HubCore
import NIOCore

/// An agent that is an application of Model Studio: each message is a call that is streamed.
///
/// 1. Text is the prompt; objects are `biz_params`. 2. Addresses of pictures and other files go along; bytes cannot. 3. A conversation of the client
/// is a session of the application, which makes its id: it is in the notes. 4. There is no stop: a task that is canceled leaves the connection.
struct ModelStudioPerformer: AgentPerformer {
    let application: ModelStudioApplication
    let client: ApplicationClient
    let gate: SkillGate

    var remembers: Bool { true }

    /// The most files of a message.
    private static let mostFiles = 32

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {
        try gate.check(message, context: context)
        for part in message.parts {
            if case .raw = part.content {
                throw A2AFailure(.contentTypeNotSupported, "This agent takes files by their addresses alone")
            }
        }
    }

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        let session = ModelStudioReader.session(turn.note ?? turn.earlierNote)
        if turn.note == nil, let session { try await tell(.note(ModelStudioReader.note(session))) }
        let content = MessageContent(turn.message)
        let prompt = prompt(content)
        guard !prompt.isEmpty else {
            let wanted = SkillSchema.Argument(name: "prompt", schema: .object(["type": .string("string")]), isRequired: true)
            return try await tell(.status(.inputRequired, saying: SkillQuestion.missing([wanted], of: client.tool, known: [:]).parts))
        }
        guard content.files.count <= Self.mostFiles else { throw HubError(.tooLarge, "The message has too many files") }
        try await tell(.status(.working))
        do {
            var fields = HTTPFields()
            fields[.dashScopeSSE] = "enable"
            if let workspace = application.workspace { fields[.dashScopeWorkspace] = workspace }
            let path = "/apps/\(PercentEncoding.encode(application.id))/completion"
            let body = body(prompt, content, session: session)
            let events = try await client.events(.post, path, body, fields: fields, context: turn.context)
            try await follow(events, session: session, turn, tell)
        } catch let failure as ApplicationFailure {
            throw failure.error
        }
    }

    private func prompt(_ content: MessageContent) -> String {
        if content.text.contains(where: { !$0.isWhitespace }) { return content.text }
        return content.arguments["prompt"]?.string ?? (content.arguments.isEmpty && content.files.isEmpty ? "" : " ")
    }

    private func body(_ prompt: String, _ content: MessageContent, session: String?) -> ByteBuffer {
        var parameters = content.arguments
        if parameters["prompt"]?.string == prompt { parameters["prompt"] = nil }
        var input: JSONObject = ["prompt": .string(prompt)]
        if let session { input["session_id"] = .string(session) }
        if !parameters.isEmpty { input["biz_params"] = .object(parameters) }
        for (name, isImage) in [("image_list", true), ("file_list", false)] {
            let urls = content.files.filter { ($0.fileKind == .image) == isImage }.compactMap { file -> JSONTree? in
                if case .url(let url) = file.content { .string(url) } else { nil }
            }
            if !urls.isEmpty { input[name] = .array(urls) }
        }
        let settings: JSONObject = [
            "incremental_output": .bool(true), "has_thoughts": .bool(application.tellsProgress),
            // A workflow's text then comes where an agent's does.
            "flow_stream_mode": .string("agent_format"),
        ]
        return JSONTree.object(["input": .object(input), "parameters": .object(settings), "debug": .object([:])]).bytes
    }

    private func follow(
        _ events: ApplicationEvents, session: String?, _ turn: AgentTurn, _ tell: (AgentOutput) async throws -> Void
    ) async throws {
        var events = events
        defer { events.cancel() }
        var (reader, told) = (ModelStudioReader(), session)
        var progress = WorkProgress(isTold: application.tellsProgress)
        var text = AnswerText(id: "answer", name: client.tool, isStreamed: turn.isStreamed)
        while !reader.isComplete, let batch = try await events.next() {
            var failure: (any Error)?
            do {
                for event in batch where !reader.isComplete {
                    let object = try ApplicationEvents.object(event)
                    for step in try reader.take(object, isError: event.event == "error") {
                        switch step {
                        case .text(let more): try text.add(more)
                        case .progress(let word): try await progress.tell(word, tell)
                        }
                    }
                }
            } catch {
                failure = error  // what came before it is told first
            }
            if let session = reader.session, session != told {
                told = session
                try await tell(.note(ModelStudioReader.note(session)))
            }
            try await text.flush(tell)
            if let failure { throw failure }
        }
        guard reader.isComplete else { throw ApplicationEvents.cut }
        let metadata = reader.usage.map { JSONTree.object(["usage": $0]).bytes }
        try await text.end(metadata: metadata, tell)
        if let references = reader.references {
            let part = MessagePart(content: .data(references.bytes), mediaType: "application/json")
            try await tell(.artifact(Artifact(artifactID: "references", name: "references", parts: [part])))
        }
        try await tell(.relayed(TaskStatus(state: .completed), metadata: metadata))
    }
}

extension HTTPField.Name {
    /// Whether the answer comes in events.
    static let dashScopeSSE = HTTPField.Name("x-dashscope-sse") ?? .via
    /// Which workspace an application is in.
    static let dashScopeWorkspace = HTTPField.Name("x-dashscope-workspace") ?? .via
}
