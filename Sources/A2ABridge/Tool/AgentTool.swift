public import HubCore
import NIOCore

/// An agent as a tool: one message to it, and what comes of that. Its tasks are those of the agent's own clients with the same credential.
///
/// 1. `message` is what is said. `taskId` goes on with a task that waits for an answer, `contextId` with a conversation.
/// 2. The answer comes when the task has ended, or waits for whoever called; a caller that leaves has ended it. Meanwhile a caller that wants to
///    hear of progress does.
/// 3. What the agent made and said are blocks of content; `structuredContent` has the ids that the next call needs, and the state.
public struct AgentTool: CallTarget {
    private let agent: A2AAgent
    private let skill: String?

    /// - Parameters:
    ///   - agent: who is asked.
    ///   - skill: which of its skills is wanted, as `skillId` in the metadata of the message; nil leaves that to the agent.
    public init(agent: A2AAgent, skill: String?) { (self.agent, self.skill) = (agent, skill) }

    /// Tells of progress.
    public var clientUse: ClientUse { .told }

    /// What the tool takes.
    static let inputSchema = ByteBuffer(
        string: #"""
            {"type":"object","properties":{"message":{"type":"string","description":"What to say to the agent"},\#
            "taskId":{"type":"string","description":"The task to go on with, where an earlier answer had one that waits for input"},\#
            "contextId":{"type":"string","description":"The conversation to go on with"}},"required":["message"]}
            """#)

    /// Says the message, and gives what comes of it.
    ///
    /// - Throws: `HubError` where the message cannot be given to the agent; a task that fails is an answer.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        let parameters = try parameters(call.arguments)
        let answer: A2AResult
        do {
            try agent.performer.check(parameters.message, context: context)
            let methods = AgentMethods(agent: agent, context: context, base: nil, version: .v1_0)
            let progress = AgentProgress(context.client)
            answer = try await methods.send(parameters) { progress.tell($0) }
        } catch let failure as A2AFailure {
            throw HubError(of: failure)
        }
        guard case .event(let event) = answer else { throw HubError(.internal, "The hub failed to answer") }
        let json = AgentToolResult(event).json
        do throws(JSONParseError) {
            return CallResponse(toolResult: try JSONDocument(parsing: json, limits: .payload))
        } catch {
            throw HubError(.tooLarge, "The agent's answer is too large")
        }
    }

    private func parameters(_ arguments: JSONValue?) throws(HubError) -> SendParameters {
        guard let text = arguments?["message"]?.string, !text.isEmpty else {
            throw HubError(.invalidArguments, "message must be a text that is not empty", argument: "message")
        }
        var message = AgentMessage(
            messageID: agent.runtime.makeID(), role: .user, parts: [MessagePart(content: .text(text))])
        message.taskID = try id("taskId", arguments)
        message.contextID = try id("contextId", arguments)
        if let skill {
            var json = JSONWriter()
            json.object { $0.member("skillId", skill) }
            message.metadata = json.buffer
        }
        return SendParameters(message: message)
    }

    private func id(_ name: String, _ arguments: JSONValue?) throws(HubError) -> String? {
        guard let value = arguments?[name], !value.isNull else { return nil }
        guard let text = value.string else { throw HubError(.invalidArguments, "\(name) must be a text", argument: name) }
        return text.isEmpty ? nil : text
    }
}

extension HubError {
    /// Why an agent was not asked.
    fileprivate init(of failure: A2AFailure) {
        switch failure.code {
        case .taskNotFound: self.init(.invalidArguments, failure.message, argument: "taskId")
        case .invalidParameters, .invalidRequest, .unsupportedOperation: self.init(.invalidArguments, failure.message)
        case .overloaded, .rateLimited: self.init(.overloaded, failure.message)
        case .tooLarge: self.init(.tooLarge, failure.message)
        case .upstreamTimeout: self.init(.upstreamTimeout, failure.message)
        case .internal: self.init(.internal, "The hub failed to answer")
        default: self.init(.upstreamFailed, failure.message)
        }
    }
}

/// Tells the client of a call how far an agent's task is: how much it has said, and what it said last.
private struct AgentProgress {
    private let client: (any CallClient)?

    init(_ client: (any CallClient)?) { self.client = client?.wantsProgress == true ? client : nil }

    func tell(_ step: AgentStep) {
        guard let client else { return }
        var json = JSONWriter()
        json.object { json in
            json.member("progress", step.number)
            json.optional("message", step.text)
        }
        client.notify(.progress(members: json.buffer))
    }
}
