import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("What an agent elsewhere is asked", .timeLimit(.minutes(1)))
struct RemoteClientTests {
    @Test("every operation is asked and answered, whatever the agent speaks", arguments: Way.all.filter(\.streams))
    func operations(_ way: Way) async throws {
        let elsewhere = StubElsewhere(StubAgent(sendsPush: true))
        let context = elsewhere.stub.request(.get, "").context
        let interface = RemoteInterface(
            version: way.version, binding: way.binding == "JSONRPC" ? .jsonRPC : .http, path: "/a2a/orders",
            tenant: way.version == .v1_0 ? "orders" : nil)
        let client = RemoteAgentClient(agent: "orders", release: "v1", target: elsewhere, interface: interface)
        let message = AgentMessage(messageID: "m", role: .user, parts: [MessagePart(content: .text("find orders of customer 7"))])
        guard case .event(.task(let task)) = try await client.ask(.sendMessage(SendParameters(message: message)), context: context) else {
            Issue.record("no task")
            return
        }
        #expect(task.status.state == .completed)
        #expect(try await client.ask(.getTask(TaskQuery(id: task.id, historyLength: 1)), context: context) == .task(task))
        let hook = PushConfiguration(taskID: task.id, url: "https://example.com/hook")
        guard case .push(let kept) = try await client.ask(.createPush(hook), context: context) else {
            Issue.record("no webhook")
            return
        }
        let reference = PushReference(taskID: task.id, id: kept.id)
        #expect(try await client.ask(.getPush(reference), context: context) == .push(kept))
        let listed = try await client.ask(.listPushes(PushListQuery(taskID: task.id)), context: context)
        #expect(listed == .pushes([kept], nextPageToken: nil))
        #expect(try await client.ask(.deletePush(reference), context: context) == .nothing)
        let all = TaskListQuery()
        if way.version == .v1_0 {
            guard case .tasks(let page) = try await client.ask(.listTasks(all), context: context) else {
                Issue.record("no page")
                return
            }
            #expect(page.tasks.map(\.id) == [task.id])
        } else {
            let none = await #expect(throws: A2AFailure.self) { try await client.ask(.listTasks(all), context: context) }
            #expect(none?.code == .unsupportedOperation)
        }
        for (request, code) in [
            (A2ARequest.getTask(TaskQuery(id: "unknown")), A2AFailure.Code.taskNotFound),
            (.cancelTask(TaskReference(id: task.id)), .taskNotCancelable), (.extendedCard(tenant: nil), .unsupportedOperation),
        ] {
            let failure = await #expect(throws: A2AFailure.self) { try await client.ask(request, context: context) }
            #expect(failure?.code == code)
        }
        let ended = A2ARequest.subscribe(TaskReference(id: task.id))
        let failure = await #expect(throws: A2AFailure.self) { try await client.stream(ended, context: context) }
        #expect(failure?.code == .unsupportedOperation)
        var again = try await client.stream(ended, after: "0", context: context)
        var events: [AgentEvent] = []
        while let event = try await again.next() { events.append(event) }
        #expect(events.count >= 3)
    }

    @Test("of `:subscribe` the other method is tried where the agent does not know the first")
    func subscribe() async throws {
        let elsewhere = ScriptedElsewhere { _, request in
            guard request.method == .get else { return CallResponse(status: 405, contentType: nil, body: ByteBuffer()) }
            let body = ByteBuffer(string: "data: \(ScriptedElsewhere.task("WORKING"))\n\n")
            return CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .complete(body))
        }
        let interface = RemoteInterface(version: .v1_0, binding: .http, path: "/x/")
        let client = RemoteAgentClient(agent: "orders", release: "v1", target: elsewhere, interface: interface)
        var events = try await client.stream(.subscribe(TaskReference(id: "T")), context: StubAgent().request(.get, "").context)
        #expect(try await events.next() != nil)
        #expect(elsewhere.requests.map(\.method) == [.post, .get])
        #expect(elsewhere.requests.last?.path == "/x/tasks/T:subscribe" && elsewhere.requests.last?.body == nil)
    }
}
