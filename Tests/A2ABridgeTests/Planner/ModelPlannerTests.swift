import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Planning with a model", .timeLimit(.minutes(1)))
struct ModelPlannerTests {
    /// A call as the model says it.
    static func call(_ name: String, _ arguments: String, tokens: Int = 10) -> String {
        let text = String(buffer: JSONTree.string(arguments).bytes)
        return #"""
            {"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,
            "tool_calls":[{"id":"c","type":"function","function":{"name":"\#(name)","arguments":\#(text)}}]}}],"usage":{"total_tokens":\#(tokens)}}
            """#
    }

    static func say(_ text: String) -> String {
        #"{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"\#(text)"}}],"usage":{"total_tokens":10}}"#
    }

    /// A model that says one thing after another; past the last, it is away.
    static func model(_ script: [String]) -> StubApplication {
        let rest = NIOLockedValueBox(script[...])
        return StubApplication { _ in
            guard let next = rest.withLockedValue({ $0.popFirst() }) else {
                throw HubError(.upstreamFailed, "The upstream failed to answer")
            }
            return StubApplication.json(next)
        }
    }

    static func agent(
        _ model: StubApplication, permission: (any EntryPermission)? = nil, bounds: ModelPlanner.Bounds = ModelPlanner.Bounds()
    ) -> StubAgent {
        StubAgent(permission: permission) { tools in
            ModelPlanner(agent: "orders", tools: tools, model: "m", target: model, instructions: "Be kind.", bounds: bounds)
        }
    }

    private func roles(_ asked: StubApplication.Asked) -> [String] {
        (asked.json["messages"]?.array ?? []).compactMap { $0["role"]?.string }
    }

    @Test("the model calls tools, sees what comes of it, and answers")
    func steps() async throws {
        let model = Self.model([
            Self.call("find_orders", #"{"customer_id":"7"}"#), Self.call("report", "{}"), Self.say("There is one order."),
        ])
        let task = try await Self.agent(model).task(#"{"text":"what did customer 7 order?"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED")
        let artifacts = Array(task["artifacts"]?.elements ?? .none)
        #expect(artifacts.map { $0["artifactId"]?.string } == ["step-1", "step-2", "answer"])
        #expect(
            artifacts[0]["parts", 0]?["data"]?["customer_id"]?.string == "7"
                && artifacts[2]["parts", 0]?["text"]?.string == "There is one order.")
        let first = model.asked[0]
        #expect(first.path == "/chat/completions" && roles(first) == ["system", "user"])
        #expect(first.json["messages"]?.array?.first?["content"]?.string?.hasSuffix("\n\nBe kind.") == true)
        let functions = (first.json["tools"]?.array ?? []).compactMap { $0["function"]?["name"]?.string }
        #expect(functions.contains("find_orders") && functions.last == "ask_client" && first.json["tool_choice"]?.string == "auto")
        let last = model.asked[2].json["messages"]?.array ?? []
        #expect(roles(model.asked[2]) == ["system", "user", "assistant", "tool", "assistant", "tool"])
        #expect(last[3]["content"]?.string == #"{"data":"{\"customer_id\":\"7\"}"}"#)
        #expect(last[3]["tool_call_id"] == last[2]["tool_calls"]?.array?.first?["id"])
        #expect((last[5]["content"]?.string?.utf8.count ?? 0) < 33_000)
    }

    @Test("a question of the model waits for the client, and what it says goes to the model with all that was said")
    func question() async throws {
        let model = Self.model([
            Self.call("ask_client", #"{"question":"Which customer?"}"#), Self.call("find_orders", #"{"customer_id":"7"}"#),
            Self.say("Done."),
        ])
        let stub = Self.agent(model)
        let asked = try await stub.task(#"{"text":"show my orders"}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.said == "Which customer?")
        let done = try await stub.task(#"{"text":"number 7"}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done.text(1) == "Done.")
        let said = (model.asked[1].json["messages"]?.array ?? []).compactMap { $0["content"]?.string }.dropFirst()
        #expect(Array(said) == ["show my orders", "Which customer?", "number 7"])
    }

    @Test("arguments that are missing are asked for, answered as an object or in words")
    func missing() async throws {
        let model = Self.model([
            Self.call("find_orders", "{}"), Self.say("Done."), Self.call("find_orders", "{}"),
            Self.call("find_orders", #"{"customer_id":"8"}"#), Self.say("Done too."),
        ])
        let stub = Self.agent(model)
        let asked = try await stub.task(#"{"text":"orders"}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.question?["skill"]?.string == "find_orders")
        let object = try await stub.task(#"{"data":{"customer_id":"7"}}"#, task: asked.taskID)
        #expect(object.state == "TASK_STATE_COMPLETED" && object["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "7")
        let again = try await stub.task(#"{"text":"orders"}"#)
        let words = try await stub.task(#"{"text":"eight"}"#, task: again.taskID)
        #expect(words.state == "TASK_STATE_COMPLETED" && words["artifacts", 0]?["parts", 0]?["data"]?["customer_id"]?.string == "8")
    }

    @Test("what cannot be undone needs a yes for each call, whatever the model or an earlier message says")
    func confirmation() async throws {
        let model = Self.model([
            Self.call("delete_order", #"{"orderId":"1"}"#), Self.call("delete_order", #"{"orderId":"2"}"#), Self.say("Both are gone."),
        ])
        let stub = Self.agent(model)
        let first = try await stub.task(#"{"text":"delete 1 and 2"},{"data":{"confirm":true}}"#)
        #expect(first.state == "TASK_STATE_INPUT_REQUIRED" && first.question?["arguments"]?["orderId"]?.string == "1")
        let second = try await stub.task(#"{"text":"yes"}"#, task: first.taskID)
        #expect(second.state == "TASK_STATE_INPUT_REQUIRED" && second.question?["arguments"]?["orderId"]?.string == "2")
        let done = try await stub.task(#"{"data":{"confirm":true}}"#, task: first.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done.text(0) == "Both are gone.")
        let other = Self.agent(
            Self.model([Self.call("find_orders", #"{"customer_id":"1"}"#), Self.call("delete_order", #"{"orderId":"2"}"#)]))
        let asked = try await other.task(#"{"text":"clean up"}"#)
        let refused = try await other.task(#"{"text":"no"}"#, task: asked.taskID)
        #expect(refused.state == "TASK_STATE_CANCELED" && refused.said == "This was not done; what was done before stands")
    }

    @Test("the model sees what the caller may use, and calls nothing else")
    func permission() async throws {
        let model = Self.model([Self.call("delete_order", #"{"orderId":"1"}"#), Self.say("I cannot.")])
        let task = try await Self.agent(model, permission: ReadsOnly()).task(#"{"text":"delete order 1"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task.text(0) == "I cannot.")
        #expect(!String(buffer: model.asked[0].body).contains("delete_order"))
        #expect(model.asked[1].json["messages"]?.array?.last?["content"]?.string == "There is no such function")
    }

    @Test("a call that fails is told to the model, which goes on")
    func failures() async throws {
        let model = Self.model([Self.call("broken", "{}"), Self.call("refused", "{}"), Self.say("It does not work.")])
        let task = try await Self.agent(model).task(#"{"text":"do it"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task["artifacts"]?.count == 1)
        let messages = model.asked[2].json["messages"]?.array ?? []
        #expect(messages[3]["content"]?.string == #"{"failure":"The upstream failed to answer"}"#)
        #expect(messages[5]["content"]?.string?.contains("HTTP 409") == true)
    }

    @Test("a model that is away when a task begins leaves the words to keywords; later the task fails and what was done stands")
    func away() async throws {
        let keywords = try await Self.agent(Self.model([])).task(#"{"text":"find_orders of customer_id: 7"}"#)
        #expect(keywords.state == "TASK_STATE_COMPLETED" && keywords["artifacts", 0]?["artifactId"]?.string == "answer")
        let later = try await Self.agent(Self.model([Self.call("find_orders", #"{"customer_id":"7"}"#)])).task(#"{"text":"x"}"#)
        #expect(later.state == "TASK_STATE_FAILED" && later.said == "The model that plans failed; what was done so far stands")
        #expect(later["artifacts", 0]?["artifactId"]?.string == "step-1")
        let asked = Self.agent(Self.model([Self.call("ask_client", #"{"question":"Which?"}"#)]))
        let waiting = try await asked.task(#"{"text":"x"}"#)
        let done = try await asked.task(#"{"text":"find_orders of customer_id: 7"}"#, task: waiting.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done["artifacts", 0]?["artifactId"]?.string == "answer")
    }

    @Test("nonsense is said again once, and then it is as if the model were away")
    func nonsense() async throws {
        for wrong in [
            Self.call("find_orders", "{"), Self.call("find_orders", "[1]"), Self.call("nothing", "{}"), Self.call("ask_client", "{}"), "{}",
            #"{"choices":[{"message":{"content":"  "}}]}"#, #"{"choices":7}"#, Self.call("find_orders", String(repeating: "[", count: 100)),
        ] {
            let model = Self.model([wrong, Self.say("Well.")])
            let task = try await Self.agent(model).task(#"{"text":"find_orders of customer_id: 7"}"#)
            #expect(task.state == "TASK_STATE_COMPLETED")
            #expect(task["artifacts", 0]?["artifactId"]?.string == "answer")
        }
    }

    @Test("at its most rounds or tokens the model may only answer")
    func bounds() async throws {
        var bounds = ModelPlanner.Bounds()
        bounds.rounds = 2
        let call = Self.call("find_orders", #"{"customer_id":"7"}"#)
        let model = Self.model([call, call, Self.say("Enough.")])
        #expect(try await Self.agent(model, bounds: bounds).task(#"{"text":"x"}"#).text(2) == "Enough.")
        #expect(model.asked.map { $0.json["tool_choice"]?.string } == ["auto", "auto", "none"])
        bounds.tokens = 5
        let costly = Self.model([call, Self.say("Enough.")])
        #expect(try await Self.agent(costly, bounds: bounds).task(#"{"text":"x"}"#).text(1) == "Enough.")
        #expect(costly.asked.map { $0.json["tool_choice"]?.string } == ["auto", "none"])
        bounds.time = .zero
        let late = Self.model([call])
        #expect(try await Self.agent(late, bounds: bounds).task(#"{"text":"find_orders customer_id: 7"}"#).state == "TASK_STATE_COMPLETED")
        #expect(late.asked.isEmpty)
    }

    @Test("a skill that is named takes no model")
    func named() async throws {
        let model = Self.model([])
        let task = try await Self.agent(model).task(StubAgent.data("find_orders", #"{"customer_id":"7"}"#))
        #expect(task.state == "TASK_STATE_COMPLETED" && model.asked.isEmpty)
    }

    @Test("very many tools are cut down to the likeliest, and names are made fit for functions")
    func manyTools() async throws {
        let tools = ToolSet(
            (0..<100).map { number in
                var definition = StatedArgumentsTests.definition(
                    #"{"type":"object"}"#, name: number == 99 ? "find.orders/é" : "tool \(number)")
                definition.description = number == 99 ? "Finds orders" : "Does something"
                return Tool(definition: definition, target: StubTarget { _ in throw HubError(.internal, "Not performed here") })
            })
        let model = Self.model([Self.call("find_orders__", "{}")])
        let planner = ModelPlanner(agent: "a", tools: tools, model: "m", target: model)
        let context = CallContext(requestID: "r", logger: StubAgent().request(.get, "").logger)
        let plan = try await planner.plan(PlanRequest(text: "find my orders", tools: tools, context: context))
        #expect(plan == .step(tool: "find.orders/é", arguments: [:], tokens: 10))
        let functions = (model.asked[0].json["tools"]?.array ?? []).compactMap { $0["function"]?["name"]?.string }
        #expect(functions.count == 65 && Set(functions).count == 65)
        #expect(functions.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 && $0 != 0x20 } })
    }
}

/// Callers may use what only looks.
private struct ReadsOnly: EntryPermission {
    func standing(of principal: Principal) -> CallerStanding { CallerStanding(none: 0) }
    func shows(tool: String, to standing: CallerStanding) -> Bool { tool != "delete_order" }
    func allows(tool: String, arguments: JSONValue?, to standing: CallerStanding) -> Bool { shows(tool: tool, to: standing) }
    func showsItems(to standing: CallerStanding) -> Bool { true }
}
