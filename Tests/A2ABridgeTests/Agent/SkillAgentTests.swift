import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("An agent whose skills are tools", .timeLimit(.minutes(1)))
struct SkillAgentTests {
    private let stub = StubAgent()

    @Test("a data part calls its skill, and JSON comes back as data")
    func data() async throws {
        let task = try await stub.task(StubAgent.data("find_orders", #"{"customer_id":"C1"}"#))
        #expect(task.state == "TASK_STATE_COMPLETED")
        #expect(task["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "C1")
        #expect(task["artifacts", 0]?["name"]?.string == "find_orders" && task["history", 0]?["messageId"]?.string == "m1")
    }

    @Test("plain words choose the skill and state its arguments")
    func words() async throws {
        let task = try await stub.task(#"{"text":"find the open orders of customer 42"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED")
        let arguments = task["artifacts", 0]?["parts", 0]?["data"]
        #expect(arguments?["customer_id"]?.string == "42" && arguments?["status"]?.string == "open")
    }

    @Test("what is missing is asked for with its schema, and the next message answers it, as text or data")
    func asks() async throws {
        for answer in [#"{"text":"C-77"}"#, #"{"data":{"customer_id":"C-77"}}"#, #"{"data":{"arguments":{"customer_id":"C-77"}}}"#] {
            let asked = try await stub.task(#"{"text":"find orders that are paid"}"#)
            #expect(asked.state == "TASK_STATE_INPUT_REQUIRED")
            #expect(asked.question?["schema"]?["properties"]?["customer_id"]?["type"]?.string == "string")
            #expect(asked.question?["skill"]?.string == "find_orders" && asked.question?["arguments"]?["status"]?.string == "paid")
            let done = try await stub.task(answer, task: asked.taskID)
            #expect(done.state == "TASK_STATE_COMPLETED" && done.taskID == asked.taskID)
            let arguments = done["artifacts", 0]?["parts", 0]?["data"]
            #expect(arguments?["customer_id"]?.string == "C-77" && arguments?["status"]?.string == "paid")
            #expect(done["history"]?.count == 3)
        }
    }

    @Test("which skill it is can be asked for, and the first words are not forgotten")
    func asksForSkill() async throws {
        let asked = try await stub.task(#"{"text":"xyzzy customer 42"}"#)
        guard asked.state == "TASK_STATE_INPUT_REQUIRED", asked.question?["skill"] == nil else {
            #expect(asked.state == "TASK_STATE_COMPLETED")
            return
        }
        let done = try await stub.task(#"{"text":"find_orders"}"#, task: asked.taskID)
        #expect(done["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "42")
    }

    @Test("a destructive skill is called only after a yes")
    func confirms() async throws {
        let call = StubAgent.data("delete_order", #"{"orderId":"9"}"#)
        for (answer, state) in [
            (#"{"text":"yes"}"#, "TASK_STATE_COMPLETED"), (#"{"data":{"confirm":true}}"#, "TASK_STATE_COMPLETED"),
            (#"{"text":"No!"}"#, "TASK_STATE_CANCELED"), (#"{"text":"perhaps"}"#, "TASK_STATE_INPUT_REQUIRED"),
        ] {
            let asked = try await stub.task(call)
            #expect(asked.state == "TASK_STATE_INPUT_REQUIRED")
            #expect(asked.question?["schema"]?["properties"]?["confirm"] != nil)
            #expect(try await stub.task(answer, task: asked.taskID).state == state)
        }
        let sure = #"{"data":{"skill":"delete_order","arguments":{"orderId":"9"},"confirm":true}}"#
        #expect(try await stub.task(sure).state == "TASK_STATE_COMPLETED")
    }

    @Test("text, binary and results of other servers become parts of their kind")
    func answers() async throws {
        let report = try await stub.task(StubAgent.data("report"))["artifacts", 0]
        #expect(report?["parts", 0]?["text"]?.string?.count == 20_000 && report?["parts", 0]?["mediaType"]?.string == "text/plain")
        let picture = try await stub.task(StubAgent.data("picture"))["artifacts", 0]?["parts", 0]
        #expect(picture?["raw"]?.string == "AQID" && picture?["mediaType"]?.string == "image/png")
        let remote = try await stub.task(StubAgent.data("remote"))["artifacts", 0]
        #expect(remote?["parts", 0]?["text"]?.string == "T" && remote?["parts", 1]?["raw"]?.string == "AQI=")
    }

    @Test(
        "a failure ends the task with its reason",
        arguments: [("broken", "The upstream failed to answer"), ("refused", "HTTP 409\n{\"why\":\"no\"}")])
    func failures(skill: String, reason: String) async throws {
        let task = try await stub.task(StubAgent.data(skill))
        #expect(task.state == "TASK_STATE_FAILED")
        #expect(task["status"]?["message"]?["parts", 0]?["text"]?.string == reason)
    }

    @Test("a skill may be named beside the message, whose object then has arguments")
    func named() async throws {
        let message =
            #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":{"customer_id":"7","x":1}}],"metadata":{"skillId":"find_orders"}}}"#
        let task = try await stub.rpc("SendMessage", message).json()["result"]?["task"]
        let arguments = task?["artifacts", 0]?["parts", 0]?["data"]
        #expect(arguments?["customer_id"]?.string == "7" && arguments?.count == 1)
    }

    @Test("a skill that there is not is not found, and makes no task")
    func unknown() async throws {
        let answer = try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("absent"))).json()
        #expect(answer[path: "error", "code"]?.int == -32001)
        #expect(try await stub.rpc("ListTasks", "{}").json()[path: "result", "totalSize"]?.int == 0)
    }
}
