import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

/// Hears of progress.
private final class Listener: CallClient {
    let heard = NIOLockedValueBox<[String]>([])
    var capabilities: ClientCapabilities { [] }
    var takesInputRequests: Bool { false }
    var wantsProgress: Bool { true }

    func notify(_ notice: CallNotice) {
        if case .progress(let members) = notice { heard.withLockedValue { $0.append(String(buffer: members)) } }
    }

    func ask(_ request: ClientRequest) async throws -> JSONValue { throw HubError(.internal, "nobody asks") }
}

@Suite("Agents as tools", .timeLimit(.minutes(1)))
struct AgentToolTests {
    typealias Script = ScriptedElsewhere

    private func call(_ tool: Tool, _ arguments: String, _ proxy: StubProxy, client: Listener? = nil) async throws -> JSONValue {
        var context = proxy.hub.request(.post, "").context
        context.client = client
        let call = Call(entry: "support", tool: tool.definition.name, arguments: try JSONValue(arguments))
        let response = try await tool.target.perform(call, context: context)
        #expect(response.form == .toolResult)
        return try #require(response.document).root
    }

    private func tool(_ proxy: StubProxy) async throws -> Tool {
        try await proxy.agent.refresh(context: proxy.hub.request(.get, "").context)
        return try #require(proxy.agent.tools().first)
    }

    @Test("each skill of a card is a tool, under a name that tools may have; without a card the agent is one")
    func definitions() async throws {
        let skill = { (id: String) in #"{"id":"\#(id)","name":"N","description":"D","tags":[],"examples":["E"]}"# }
        let skills = [skill("a/b"), skill("a b"), skill("größe"), skill(String(repeating: "x", count: 100))].joined(separator: ",")
        let card = Script.card().replacing(
            #"[{"id":"look","name":"Look","description":"Looks","tags":["a"]}]"#, with: "[\(skills)]")
        let proxy = StubProxy(ScriptedElsewhere(card: card) { _, _ in Script.error(-32603, "") })
        #expect(proxy.agent.tools().map(\.definition.name) == ["orders"])
        try await proxy.agent.refresh(context: proxy.hub.request(.get, "").context)
        let tools = proxy.agent.tools().map(\.definition)
        #expect(tools.count == 4 && tools[0].name == "a_b" && tools[1].name.hasPrefix("a_b_") && tools[2].name == "gr__e")
        #expect(Set(tools.map(\.name)).count == 4 && tools.allSatisfy { $0.name.utf8.count <= 64 })
        #expect(tools[0].description == "D\nFor example: E" && tools[0].risk == .write)
        _ = try JSONDocument(parsing: tools[0].inputSchema, limits: .message)
        #expect(StubAgent().agent.tools().isEmpty)
    }

    @Test("a message is said to the agent, progress is told, and what it made and said is the answer")
    func answer() async throws {
        let parts =
            #"{"text":"T"},{"data":{"n":1}},{"raw":"AQI=","mediaType":"image/png"},{"raw":"AQI=","filename":"a b"},{"url":"https://e.com/"}"#
        let artifact =
            #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","name":"Paper","parts":[\#(parts)]}}}"#
        let elsewhere = ScriptedElsewhere { _, _ in
            Script.stream([Script.update("WORKING", message: "on it"), artifact, Script.update("COMPLETED", message: "done")])
        }
        let proxy = StubProxy(elsewhere)
        let listener = Listener()
        let result = try await call(try await tool(proxy), #"{"message":"hello"}"#, proxy, client: listener)
        let content = try #require(result["content"])
        #expect(content.elements.map { $0["type"]?.string } == ["text", "text", "image", "resource", "resource_link", "text"])
        #expect(result["content", 1]?["text"]?.string == #"{"n":1}"# && result["content", 5]?["text"]?.string == "done")
        #expect(result["content", 3]?[path: "resource", "blob"]?.string == "AQI=")
        #expect(result[path: "structuredContent", "state"]?.string == "completed" && result["isError"]?.bool == false)
        #expect(result["structuredContent"]?["data", 0]?["n"]?.int == 1)
        let heard = listener.heard.withLockedValue { $0 }
        #expect(heard.contains { $0.contains("on it") } && heard.contains { $0.contains("Paper") })
        #expect(try elsewhere.params(0)?[path: "message", "metadata", "skillId"]?.string == "look")
        #expect(try elsewhere.params(0)?[path: "message"]?["parts", 0]?["text"]?.string == "hello")
    }

    @Test("what waits for an answer says how to go on, and goes on; what fails is an error")
    func conversation() async throws {
        let elsewhere = ScriptedElsewhere { _, request in
            let body = try request.body.map { try JSONDocument(parsing: $0, limits: .message).root }
            let isAnswer = body?[path: "params", "message", "taskId"] != nil
            return Script.stream([isAnswer ? Script.task("FAILED", message: "no") : Script.task("INPUT_REQUIRED", message: "which?")])
        }
        let proxy = StubProxy(elsewhere)
        let tool = try await tool(proxy)
        let asked = try await call(tool, #"{"message":"hello"}"#, proxy)
        let task = asked[path: "structuredContent", "taskId"]?.string ?? ""
        #expect(asked[path: "structuredContent", "state"]?.string == "input-required" && asked["isError"]?.bool == false)
        #expect(asked["content", 0]?["text"]?.string == "which?")
        let failed = try await call(tool, #"{"message":"that","taskId":"\#(task)"}"#, proxy)
        #expect(failed["isError"]?.bool == true && failed["content", 0]?["text"]?.string == "no")
        for (arguments, argument) in [
            (#"{"message":"x","taskId":"unknown"}"#, "taskId"), (#"{"message":5}"#, "message"), (#"{"message":"x","taskId":5}"#, "taskId"),
        ] {
            let error = await #expect(throws: HubError.self) { try await call(tool, arguments, proxy) }
            #expect(error?.code == .invalidArguments && error?.argument == argument)
        }
    }
}
