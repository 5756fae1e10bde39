import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Telling webhooks of tasks", .timeLimit(.minutes(1)))
struct PushSenderTests {
    private static func settings(attempts: Int = 3) -> StubWebhooks.Settings {
        var settings = StubWebhooks.Settings(key: StubKey())
        settings.policy.attempts = attempts
        return settings
    }

    private static func push(_ url: String, _ more: String = "") -> String {
        #","configuration":{"returnImmediately":true,"taskPushNotificationConfig":{"id":"w","url":"\#(url)"\#(more)}}"#
    }

    /// Lets the time pass that a delivery waits for.
    private func fire(_ stub: StubAgent) async {
        while stub.timers.count == 0 || stub.runtime.push?.load == 0 { await Task.yield() }
        stub.timers.fire(now: .now + .seconds(3_600))
    }

    private func rest(_ stub: StubAgent) async { while stub.runtime.push?.load != 0 { await Task.yield() } }

    @Test("each event is sent in order, in the words of 1.0, with the token, the credentials and the signature")
    func events() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        let more = #","token":"tok","authentication":{"scheme":"Bearer","credentials":"cred"}"#
        let task = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/h?x=1", more))
        let posted = await stub.webhooks.next(3)
        #expect(posted.map(\.summary) == ["TASK_STATE_WORKING", "artifact", "TASK_STATE_COMPLETED"])
        for notification in posted {
            #expect(notification.url == "https://a.example/h?x=1")
            #expect(notification.headers[.authorization] == "Bearer cred" && notification.headers[.notificationToken] == "tok")
            #expect(notification.headers[.contentType] == "application/a2a+json")
            #expect(notification.headers[.notificationSignature]?.contains("..") == true)
            #expect(String(buffer: notification.body).contains(task.taskID))
        }
        await rest(stub)
        #expect(try await stub.store.untold(after: nil, limit: 9).isEmpty)
        #expect(stub.webhooks.posted.count == 3 && stub.runtime.push?.counts.told.value == 3)
    }

    @Test("a webhook of 0.3 is told how the task stood after each event")
    func older() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        let params =
            #"{"message":{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"data","data":{"skill":"picture","arguments":{}}}]},"#
            + #""configuration":{"blocking":false,"pushNotificationConfig":{"url":"https://a.example/h","token":"tok"}}}"#
        let answer = try await stub.rpc("message/send", params).json()["result"]
        let posted = await stub.webhooks.next(3)
        #expect(posted.map(\.summary) == ["working", "working", "completed"])
        #expect(try posted.map { try $0.json()["artifacts"]?.count ?? 0 } == [0, 1, 1])
        for notification in posted {
            let json = try notification.json()
            #expect(json["kind"]?.string == "task" && json["id"]?.string == answer?["id"]?.string)
            #expect(notification.headers[.contentType] == "application/json" && notification.headers[.notificationToken] == "tok")
        }
    }

    @Test("a webhook that is made later is told of what comes from then on, and one of a task that waits of the next turn")
    func later() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        let task = try await stub.task(#"{"text":"find orders that are paid"}"#)
        #expect(task.state == "TASK_STATE_INPUT_REQUIRED")
        let made = try await stub.rpc("CreateTaskPushNotificationConfig", #"{"taskId":"\#(task.taskID)","url":"https://a.example"}"#).json()
        #expect(made[path: "result", "id"]?.string?.isEmpty == false)
        await rest(stub)
        #expect(stub.webhooks.posted.isEmpty)
        _ = try await stub.task(#"{"text":"C-77"}"#, task: task.taskID)
        #expect(await stub.webhooks.next(3).map(\.summary) == ["TASK_STATE_WORKING", "artifact", "TASK_STATE_COMPLETED"])
        await rest(stub)
        #expect(stub.webhooks.posted.count == 3)
    }

    @Test("the end that a client makes of a task that waits is told")
    func cancelled() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        let task = try await stub.task(#"{"text":"find orders that are paid"}"#, extra: Self.push("https://a.example"))
        #expect(await stub.webhooks.next(1).map(\.summary) == ["TASK_STATE_INPUT_REQUIRED"])
        _ = try await stub.rpc("CancelTask", #"{"id":"\#(task.taskID)"}"#)
        #expect(await stub.webhooks.next(1).map(\.summary) == ["TASK_STATE_CANCELED"])
    }

    @Test("what does not come through is sent again later, and nothing behind it overtakes it")
    func again() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        stub.webhooks.answer("https://a.example/", [503, 0, 200, 429])
        _ = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/"))
        var summaries: [String] = []
        for isRepeated in [false, true, true, false, true, false] {
            if isRepeated { await fire(stub) }
            summaries += await stub.webhooks.next(1).map(\.summary)
        }
        #expect(
            summaries == [
                "TASK_STATE_WORKING", "TASK_STATE_WORKING", "TASK_STATE_WORKING", "artifact", "artifact", "TASK_STATE_COMPLETED",
            ])
        await rest(stub)
        #expect(stub.runtime.push?.counts.repeated.value == 3)
    }

    @Test("what is given up or refused is passed over; of a webhook that is down each is tried once, until one comes through")
    func passedOver() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings(attempts: 2))
        stub.webhooks.answer("https://a.example/", [500, 500, 500, 400])
        _ = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/"))
        _ = await stub.webhooks.next(1)
        await fire(stub)
        #expect(await stub.webhooks.next(3).map(\.summary) == ["TASK_STATE_WORKING", "artifact", "TASK_STATE_COMPLETED"])
        await rest(stub)
        #expect(stub.runtime.push?.counts.lost.value == 3)
        #expect(try await stub.store.untold(after: nil, limit: 9).isEmpty)
    }

    @Test("a webhook that is gone, or leads to where the hub does not connect, hears no more")
    func gone() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        stub.webhooks.answer("https://a.example/", [410])
        let task = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/"))
        _ = await stub.webhooks.next(1)
        await rest(stub)
        #expect(stub.webhooks.posted.count == 1)
        let list = try await stub.rpc("ListTaskPushNotificationConfigs", #"{"taskId":"\#(task.taskID)"}"#).json()
        #expect(list[path: "result", "configs"]?.count == 0)
        _ = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://rebound.example/"))
        #expect(await stub.webhooks.next(3).count == 3)  // each once
        await rest(stub)
        #expect(stub.webhooks.posted.count == 4)
    }

    @Test("a slow webhook holds no other up")
    func slow() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        let gate = Gate()
        stub.webhooks.hold("https://slow.example/", gate)
        let task = try await stub.task(#"{"text":"find orders that are paid"}"#)
        for (id, url) in [("s", "https://slow.example/"), ("q", "https://quick.example/")] {
            _ = try await stub.rpc("CreateTaskPushNotificationConfig", #"{"taskId":"\#(task.taskID)","id":"\#(id)","url":"\#(url)"}"#)
        }
        _ = try await stub.task(#"{"text":"C-77"}"#, task: task.taskID)
        let first = await stub.webhooks.next(4)
        #expect(first.filter { $0.url == "https://quick.example/" }.count == 3)
        gate.open()
        #expect(await stub.webhooks.next(2).map(\.summary) == ["artifact", "TASK_STATE_COMPLETED"])
    }

    @Test("an address that the hub does not connect to is refused when the webhook is made, and the task is not begun")
    func refused() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        for url in ["http://10.0.0.1/x", "ftp://a.example", "https://u:p@a.example", "nonsense"] {
            let answer = try await stub.rpc(
                "SendMessage", StubAgent.message(StubAgent.data("picture"), extra: Self.push(url))
            ).json()
            #expect(answer[path: "error", "code"]?.int == -32602)
            #expect(answer[path: "error", "message"]?.string?.hasPrefix("url ") == true)
        }
        #expect(try await stub.rpc("ListTasks", "{}").json()[path: "result", "totalSize"]?.int == 0)
        #expect(stub.runtime.load.tasksAtWork == 0)
    }

    @Test("webhooks for which there is no room are told later, also when the hub was started again")
    func sweeps() async throws {
        var settings = Self.settings()
        settings.bounds.webhooksOfOwner = 1
        let stub = StubAgent(sendsPush: true, push: settings)
        let gate = Gate()
        stub.webhooks.hold("https://a.example/1", gate)
        for number in 1...2 { _ = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/\(number)")) }
        #expect(await stub.webhooks.next(1).map(\.url) == ["https://a.example/1"])
        while stub.runtime.load.tasksAtWork > 0 { await Task.yield() }
        #expect(stub.webhooks.posted.count == 1)
        stub.runtime.drain()
        await rest(stub)
        let next = StubAgent(sendsPush: true, store: stub.store, push: Self.settings())
        try await next.runtime.push?.sweep(in: next.runtime)
        let posted = await next.webhooks.next(6)
        for number in 1...2 {
            #expect(
                posted.filter { $0.url == "https://a.example/\(number)" }.map(\.summary) == [
                    "TASK_STATE_WORKING", "artifact", "TASK_STATE_COMPLETED",
                ])
        }
    }

    @Test("a webhook that its client takes back hears nothing more, and an answer without a task is told as one")
    func takenBack() async throws {
        let stub = StubAgent(sendsPush: true, push: Self.settings())
        stub.webhooks.answer("https://a.example/", [500])
        let task = try await stub.task(StubAgent.data("picture"), extra: Self.push("https://a.example/"))
        _ = await stub.webhooks.next(1)
        _ = try await stub.rpc("DeleteTaskPushNotificationConfig", #"{"taskId":"\#(task.taskID)","id":"w"}"#)
        await fire(stub)
        await rest(stub)
        #expect(stub.webhooks.posted.count == 1)
    }
}
