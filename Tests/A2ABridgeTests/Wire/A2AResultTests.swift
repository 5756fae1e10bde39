import HubCore
import Testing

@testable import A2ABridge

@Suite("answers of agents")
struct A2AResultTests {
    private func rpc(_ text: String, to operation: A2AOperation = .getTask, _ version: A2AVersion = .v1_0) throws -> A2AResult {
        try A2AResult(jsonRPC: JSONValue(text), id: "7", to: operation, version)
    }

    private func http(
        _ status: Int, _ text: String?, to operation: A2AOperation = .getTask, _ version: A2AVersion = .v1_0
    ) throws -> A2AResult {
        try A2AResult(http: status, body: text.map { try JSONValue($0) }, to: operation, version)
    }

    private static let task = AgentTask(id: "t", status: TaskStatus(state: .working))

    @Test("a result is read, over either binding and in either version")
    func results() throws {
        let newer = #"{"id":"t","status":{"state":"TASK_STATE_WORKING"}}"#
        #expect(try rpc(#"{"jsonrpc":"2.0","id":"7","result":\#(newer)}"#) == .task(Self.task))
        #expect(try http(200, newer) == .task(Self.task))
        #expect(try http(200, newer, .v0_3) == .task(Self.task))
        let older = #"{"kind":"task","id":"t","contextId":"","status":{"state":"working"}}"#
        #expect(try rpc(#"{"id":"7","result":\#(older)}"#, to: .sendMessage, .v0_3) == .event(.task(Self.task)))
        #expect(try http(201, older, to: .sendMessage, .v0_3) == .event(.task(Self.task)))
        #expect(try rpc(#"{"id":"7","result":null}"#, to: .deletePush, .v0_3) == .nothing)
        #expect(try http(204, nil, to: .deletePush) == .nothing)
    }

    @Test("an agent's failure is thrown as what it says it is")
    func failures() {
        let error = #"{"code":-32001,"message":"No such task"}"#
        #expect(throws: A2AFailure(.taskNotFound, "No such task")) { try rpc(#"{"id":null,"error":\#(error)}"#) }
        #expect(throws: A2AFailure(.taskNotFound, "No such task")) { try http(404, error, .v0_3) }
        #expect(throws: A2AFailure(.overloaded, "")) { try http(503, nil) }
        let event = #"{"error":{"code":500,"status":"INTERNAL","message":"Broken"}}"#
        #expect(throws: A2AFailure(.internal, "Broken")) { try http(200, event, to: .streamMessage) }
    }

    @Test("what is no answer is the agent's fault, and said so")
    func nonsense() {
        let answers = [#"{"id":"8","result":{}}"#, #"{"id":"7"}"#, "[]", #"{"id":"7","result":{"id":"t"}}"#, #"{"id":"7","error":1}"#]
        for answer in answers {
            let failure = #expect(throws: A2AFailure.self) { try rpc(answer) }
            #expect(failure?.code == .invalidAgentResponse, "\(answer)")
        }
        let failure = #expect(throws: A2AFailure.self) { try http(200, #"{"statusUpdate":{"taskId":"t"}}"#, to: .subscribe) }
        #expect(failure?.message == "The agent's answer is not of the protocol: statusUpdate.contextId is required")
        #expect(#expect(throws: A2AFailure.self) { try http(200, nil) }?.code == .invalidAgentResponse)
        #expect(#expect(throws: A2AFailure.self) { try http(302, nil) }?.code == .internal)
    }

    @Test("of a message there is no answer but a task or a message")
    func noUpdates() {
        let update = #"{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}}"#
        #expect(#expect(throws: A2AFailure.self) { try http(200, update, to: .sendMessage) }?.code == .invalidAgentResponse)
    }
}
