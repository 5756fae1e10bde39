import HTTPTypes
import HubCore
import NIOCore

/// An agent that is a model with instructions: each message is a request with what was said before in the conversation.
struct ModelEndpointPerformer: AgentPerformer {
    let endpoint: ModelEndpoint
    let client: ApplicationClient
    let gate: SkillGate

    var remembers: Bool { true }

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {
        try gate.check(message, context: context)
        guard message.parts.allSatisfy(ModelMessage.takes) else {
            throw A2AFailure(.contentTypeNotSupported, "This agent takes text, JSON, pictures, and sounds as WAV or MP3")
        }
    }

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        var history = ModelHistory(turn.note ?? turn.earlierNote, limit: endpoint.historyBytes)
        // Kept also where this task fails.
        if turn.note == nil, !history.entries.isEmpty { try await tell(.note(history.bytes)) }
        try await tell(.status(.working))
        var (reader, text, said) = (
            ModelReader(endpoint.dialect), AnswerText(id: "answer", name: gate.skill, isStreamed: turn.isStreamed), ""
        )
        do {
            let path = endpoint.dialect == .chat ? "/chat/completions" : "/responses"
            var events = try await client.events(.post, path, body(turn.message, history), context: turn.context)
            defer { events.cancel() }
            while !reader.isComplete, let batch = try await events.next() {
                var failure: (any Error)?
                do {
                    for event in batch where !reader.isComplete {
                        let more = try reader.take(event)
                        try text.add(more)
                        if said.utf8.count < endpoint.historyBytes { said += more }
                    }
                } catch {
                    failure = error  // what came before it is told first
                }
                try await text.flush(tell)
                if let failure { throw failure }
            }
        } catch let failure as ApplicationFailure {
            throw failure.error
        }
        guard reader.mayEnd else { throw ApplicationEvents.cut }
        let metadata = reader.usage.map { JSONTree.object(["usage": $0]).bytes }
        try await text.end(metadata: metadata, tell)
        history.add(ModelMessage.text(turn.message), said)
        try await tell(.note(history.bytes))
        let message = reader.shortfall.map { AgentMessage(messageID: "end", role: .agent, parts: [MessagePart(content: .text($0))]) }
        try await tell(.relayed(TaskStatus(state: .completed, message: message), metadata: metadata))
    }

    private func body(_ message: AgentMessage, _ history: ModelHistory) -> ByteBuffer {
        var messages = history.entries.map { entry in
            JSONTree.object(["role": .string(entry.isModel ? "assistant" : "user"), "content": .string(entry.text)])
        }
        messages.append(.object(["role": .string("user"), "content": ModelMessage(dialect: endpoint.dialect).content(message)]))
        var body: JSONObject = ["model": .string(endpoint.model)]
        switch endpoint.dialect {
        case .chat:
            if let instructions = endpoint.instructions {
                messages.insert(.object(["role": .string("system"), "content": .string(instructions)]), at: 0)
            }
            body["messages"] = .array(messages)
            body["stream_options"] = .object(["include_usage": .bool(true)])
        case .responses:
            if let instructions = endpoint.instructions { body["instructions"] = .string(instructions) }
            body["input"] = .array(messages)
            body["store"] = .bool(false)
        }
        body["stream"] = .bool(true)
        return JSONTree.object(body).bytes
    }
}
