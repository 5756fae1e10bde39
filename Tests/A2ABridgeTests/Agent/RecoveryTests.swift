import HTTPTypes
import HubCore
import Logging
import NIOCore
import Testing

@testable import A2ABridge

/// Says that it works, and waits at a gate.
private struct HangingPerformer: AgentPerformer {
    let gate = Gate()

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {}

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        try await tell(.status(.working))
        try await gate.pass()
    }
}

/// Each test has one stub that is left at work, as a process is that was killed, and another on the same store.
@Suite("What is found after the hub was killed", .timeLimit(.minutes(1)))
struct RecoveryTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let now = #","configuration":{"returnImmediately":true}"#
    private static let push =
        #","configuration":{"returnImmediately":true,"taskPushNotificationConfig":{"id":"w","url":"https://a.example"}}"#

    private func context(_ task: TaskRecord) -> CallContext? {
        CallContext(requestID: "r", logger: logger, principal: StubAgent.caller("one"))
    }

    private func state(_ stub: StubAgent, _ id: String) async throws -> JSONValue? {
        try await stub.rpc("GetTask", #"{"id":"\#(id)"}"#).json()["result"]
    }

    @Test("a skill that only reads is called again, and the task goes on to its end; its webhook is told of all")
    func reads() async throws {
        let stub = StubAgent(sendsPush: true)
        let id = try await stub.task(StubAgent.data("slow"), extra: Self.push).taskID
        await stub.gate.arrival()
        #expect(await stub.webhooks.next(1).map(\.summary) == ["TASK_STATE_WORKING"])
        while try await stub.store.untold(after: nil, limit: 1).isEmpty == false { await Task.yield() }
        let next = StubAgent(sendsPush: true, store: stub.store)
        let result = try await next.runtime.recover([next.agent], logger: logger, context: context)
        #expect(result == (1, 0))
        await next.gate.arrival()
        #expect(next.runtime.load.tasksAtWork == 1)
        next.gate.open()
        #expect(await next.webhooks.next(2).map(\.summary) == ["artifact", "TASK_STATE_COMPLETED"])
        let task = try await state(next, id)
        #expect(task?.state == "TASK_STATE_COMPLETED" && task?["artifacts"]?.count == 1)
        while next.runtime.load.tasksAtWork > 0 { await Task.yield() }
    }

    @Test("what may have changed something has failed, with an outcome that is not known, and its webhook is told")
    func unknown() async throws {
        let hanging = HangingPerformer()
        let stub = StubAgent(sendsPush: true, performer: hanging)
        let id = try await stub.task(#"{"text":"x"}"#, extra: Self.push).taskID
        await hanging.gate.arrival()
        _ = await stub.webhooks.next(1)
        while try await stub.store.untold(after: nil, limit: 1).isEmpty == false { await Task.yield() }
        let next = StubAgent(sendsPush: true, performer: hanging, store: stub.store)
        let result = try await next.runtime.recover([next.agent], logger: logger, context: context)
        #expect(result == (0, 1))
        #expect(await next.webhooks.next(1).map(\.summary) == ["TASK_STATE_FAILED"])
        let task = try await state(next, id)
        #expect(task?.state == "TASK_STATE_FAILED")
        #expect(task?[path: "status", "message"]?["parts", 0]?["text"]?.string?.contains("not known") == true)
        #expect(try await next.store.unfinished(after: nil, limit: 9).isEmpty)
        let again = try await next.runtime.recover([next.agent], logger: logger, context: context)
        #expect(again == (0, 0))
    }

    @Test("a task fails whose agent is gone, whose caller nobody knows, or for which there is no room")
    func nobody() async throws {
        var bounds = A2ARuntime.Bounds()
        bounds.tasksAtWorkOfOwner = 0
        for (knowsAgent, knowsCaller, bounds) in [
            (false, true, A2ARuntime.Bounds()), (true, false, A2ARuntime.Bounds()), (true, true, bounds),
        ] {
            let stub = StubAgent()
            let id = try await stub.task(StubAgent.data("slow"), extra: Self.now).taskID
            await stub.gate.arrival()
            let next = StubAgent(bounds: bounds, store: stub.store)
            let result = try await next.runtime.recover(knowsAgent ? [next.agent] : [], logger: logger) { task in
                knowsCaller ? context(task) : nil
            }
            #expect(result == (0, 1))
            #expect(try await state(next, id)?.state == "TASK_STATE_FAILED")
        }
    }

    @Test("while another process may be at work on a task it is shown as it stands and nobody ends it; what begins here is not begun twice")
    func patience() async throws {
        let stub = StubAgent()
        let id = try await stub.task(StubAgent.data("slow"), extra: Self.now).taskID
        await stub.gate.arrival()
        while try await state(stub, id)?.state != "TASK_STATE_WORKING" { await Task.yield() }
        let next = StubAgent(store: stub.store)
        next.runtime.expectRecovery()
        #expect(try await state(next, id)?.state == "TASK_STATE_WORKING")
        #expect(try await state(next, "none") == nil)
        for method in ["SubscribeToTask", "CancelTask"] {
            let refused = try await next.rpc(method, #"{"id":"\#(id)"}"#)
            #expect(refused.status == 503 && refused.field(.retryAfter) == "1")
            #expect(try await next.rpc(method, #"{"id":"\#(id)"}"#, by: "two").json()[path: "error", "code"]?.int == -32001)
        }
        let own = try await next.task(StubAgent.data("slow"), extra: Self.now).taskID
        await next.gate.arrival()
        let result = try await next.runtime.recover([next.agent], logger: logger, context: context)
        #expect(result == (1, 0) && next.runtime.load.tasksAtWork == 2)
        let again = try await next.runtime.recover([next.agent], logger: logger, context: context)
        #expect(again == (0, 0) && next.runtime.load.tasksAtWork == 2)
        next.gate.open()
        while next.runtime.load.tasksAtWork > 0 { await Task.yield() }
        for id in [id, own] { #expect(try await state(next, id)?.state == "TASK_STATE_COMPLETED") }
    }

    @Test("tasks that had ended or wait for their client stay as they are, and one that is damaged keeps no other back")
    func others() async throws {
        let stub = StubAgent()
        let done = try await stub.task(StubAgent.data("picture")).taskID
        let asked = try await stub.task(#"{"text":"find orders that are paid"}"#).taskID
        let owner = TaskOwner(digest: 7)
        let damaged = TaskRecord(agent: "orders", owner: owner, id: "0", contextID: "c", state: 2, changed: 1)
        try await stub.store.append([ByteBuffer(string: "{}")], at: 0, to: damaged)
        let slow = try await stub.task(StubAgent.data("slow"), extra: Self.now).taskID
        await stub.gate.arrival()
        let next = StubAgent(store: stub.store)
        let result = try await next.runtime.recover([next.agent], logger: logger) { _ in nil }
        #expect(result == (0, 1))
        let states = [done, asked, slow]
        var found: [String?] = []
        for id in states { found.append(try await state(next, id)?.state) }
        #expect(found == ["TASK_STATE_COMPLETED", "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_FAILED"])
    }

    @Test("an agent of tools repeats what it had not begun, and what reads")
    func repeats() throws {
        let stub = StubAgent()
        func may(_ state: TaskState, _ part: MessagePart.Content) throws -> Bool {
            let message = AgentMessage(messageID: "m", role: .user, parts: [MessagePart(content: part)])
            var log = TaskLog(id: "t", contextID: "c", message: message, time: nil)
            if state != .submitted { try log.append(TaskStatus(state: state)) }
            let context = CallContext(requestID: "r", logger: logger, principal: StubAgent.caller("one"))
            return stub.agent.performer.mayRepeat(AgentTurn(task: log.task, message: message, isStreamed: false, context: context))
        }
        func data(_ skill: String) -> MessagePart.Content { .data(ByteBuffer(string: #"{"skill":"\#(skill)","arguments":{}}"#)) }
        #expect(try may(.submitted, data("delete_order")))
        #expect(try may(.submitted, .text("delete the order 7")))
        #expect(try may(.working, data("slow")))
        #expect(try !may(.working, data("delete_order")))
        #expect(try !may(.working, data("unknown")))
        #expect(try !may(.working, .text("find the orders of customer 42")))  // which skill it was is not known, and one deletes
    }
}
