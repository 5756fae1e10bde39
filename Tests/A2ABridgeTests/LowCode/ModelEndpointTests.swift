import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Models as agents", .timeLimit(.minutes(1)))
struct ModelEndpointTests {
    static let chunks = [
        #"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        #"{"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}"#,
        #"{"id":"1","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]}"#,
        #"{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        #"{"id":"1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#, "[DONE]",
    ]
    static let responses = [
        #"{"type":"response.created","response":{"id":"r","status":"in_progress","usage":null}}"#,
        #"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hel"}"#,
        #"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"lo"}"#,
        #"{"type":"response.output_text.done","text":"Hello"}"#,
        #"{"type":"response.completed","response":{"id":"r","status":"completed","usage":{"input_tokens":3,"total_tokens":5}}}"#,
    ]

    static func agent(
        _ target: StubApplication, _ dialect: ModelEndpoint.Dialect = .chat, historyBytes: Int = 64 << 10
    ) -> StubAgent {
        let endpoint = ModelEndpoint(
            model: "m", target: target, instructions: "Be brief.", dialect: dialect, historyBytes: historyBytes)
        return StubAgent(
            performer: ModelEndpointPerformer(
                endpoint: endpoint, client: ApplicationClient(agent: "orders", tool: "m", target: target),
                gate: SkillGate(skill: "orders", permission: nil)))
    }

    private func model(_ events: [String], _ end: StubPieces.End = .whole) -> StubApplication {
        StubApplication { _ in StubApplication.events(events, end) }
    }

    @Test("the text of an answer comes in pieces, and what it cost is told", arguments: ModelEndpoint.Dialect.allCases)
    func streamed(dialect: ModelEndpoint.Dialect) async throws {
        let target = model(dialect == .chat ? Self.chunks : Self.responses)
        let stub = Self.agent(target, dialect)
        #expect(try await stub.streamed(#"{"text":"x"}"#) == ["working", "= Hel", "+ lo", "+. ", "completed"])
        #expect(target.asked[0].path == (dialect == .chat ? "/chat/completions" : "/responses"))
        let task = try await stub.task(#"{"text":"x"}"#)
        #expect(task.text(0) == "Hello" && task["artifacts", 0]?[path: "metadata", "usage", "total_tokens"]?.int == 5)
    }

    @Test("a conversation is told to the model again, the instructions first", arguments: ModelEndpoint.Dialect.allCases)
    func conversation(dialect: ModelEndpoint.Dialect) async throws {
        let target = model(dialect == .chat ? Self.chunks : Self.responses)
        let stub = Self.agent(target, dialect)
        let context = try await stub.task(#"{"text":"one"}"#)["contextId"]?.string ?? ""
        _ = try await stub.task(#"{"text":"two"}"#, context: context)
        let request = target.asked[1].json
        let messages = (request[dialect == .chat ? "messages" : "input"]?.array ?? []).map { String(buffer: $0.bytes) }
        let said = [
            #"{"role":"user","content":"one"}"#, #"{"role":"assistant","content":"Hello"}"#,
            #"{"role":"user","content":"two"}"#,
        ]
        #expect(messages == (dialect == .chat ? [#"{"role":"system","content":"Be brief."}"#] : []) + said)
        #expect(request["instructions"]?.string == (dialect == .chat ? nil : "Be brief."))
        #expect(request["stream"] == .bool(true) && request["model"]?.string == "m")
    }

    @Test("what is remembered is bounded, the oldest is forgotten first, and a failure forgets nothing")
    func bounded() async throws {
        let target = StubApplication { asked in
            String(buffer: asked.body).contains("fail") ? StubApplication.json("{}", status: 500) : StubApplication.events(Self.chunks)
        }
        let stub = Self.agent(target, historyBytes: 20)
        let context = try await stub.task(#"{"text":"first one"}"#)["contextId"]?.string ?? ""
        for text in ["second", "fail"] { _ = try await stub.task(#"{"text":"\#(text)"}"#, context: context) }
        _ = try await stub.task(#"{"text":"last"}"#, context: context)
        let said = (target.asked[3].json["messages"]?.array ?? []).compactMap { $0["content"]?.string }
        #expect(said == ["Be brief.", "second", "Hello", "last"])
        var history = ModelHistory(nil, limit: 1 << 20)
        for number in 0..<200 { history.add("q\(number)", "a") }
        #expect(history.entries.count == 100 && history.entries.first?.text == "q150")
        #expect(ModelHistory(history.bytes, limit: 8).entries.map(\.text) == ["q199", "a"])
    }

    @Test("pictures, sounds, text files and objects are given to the model as it takes them")
    func parts() async throws {
        let target = model(Self.chunks)
        let parts = #"""
            {"text":"look"},{"raw":"AQID","mediaType":"image/png"},{"url":"https://x.example/a.jpg"},{"data":{"a":1}},
            {"raw":"aGk=","mediaType":"text/plain","filename":"n.txt"},{"raw":"AQID","mediaType":"audio/wav"}
            """#
        #expect(try await Self.agent(target).task(parts).state == "TASK_STATE_COMPLETED")
        let content = target.asked[0].json["messages"]?.array?.last?["content"]?.array ?? []
        #expect(content.map { $0["type"]?.string } == ["text", "image_url", "image_url", "text", "text", "input_audio"])
        #expect(content[1]["image_url"]?["url"]?.string == "data:image/png;base64,AQID")
        #expect(content[3]["text"]?.string == #"{"a":1}"# && content[4]["text"]?.string == "n.txt:\nhi")
        #expect(content[5]["input_audio"] == .object(["data": .string("AQID"), "format": .string("wav")]))
        for part in [#"{"raw":"AQID","mediaType":"application/zip"}"#, #"{"url":"file:///a.png"}"#, #"{"url":"https://x.example/a.zip"}"#] {
            let answer = try await Self.agent(target).rpc("SendMessage", StubAgent.message(part)).json()
            #expect(answer[path: "error", "code"]?.int == -32005)
        }
    }

    @Test("an answer without its end is a failure; one that was cut at a limit says so")
    func ends() async throws {
        for count in 0..<3 {
            #expect(
                try await Self.agent(model(Array(Self.chunks.prefix(count)))).task(#"{"text":"x"}"#).said
                    == "The application broke off its answer")
            let responses = try await Self.agent(model(Array(Self.responses.prefix(count + 2))), .responses).task(#"{"text":"x"}"#)
            #expect(responses.said == "The application broke off its answer")
        }
        // Some say no last word.
        #expect(try await Self.agent(model(Array(Self.chunks.prefix(4)))).task(#"{"text":"x"}"#).state == "TASK_STATE_COMPLETED")
        let long = Self.chunks[3].replacing("stop", with: "length")
        let task = try await Self.agent(model([Self.chunks[1], long])).task(#"{"text":"x"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task.said == "The answer was cut at the model's limit")
    }

    @Test("errors end the task with their reason")
    func errors() async throws {
        let error = #"{"error":{"message":"No such model","type":"invalid_request_error","code":"model_not_found"}}"#
        let whole = StubApplication { _ in StubApplication.json(error, status: 404) }
        let reason = "The application refused the request: No such model (model_not_found)"
        #expect(try await Self.agent(whole).task(#"{"text":"x"}"#).said == reason)
        let within = try await Self.agent(model([Self.chunks[1], error])).task(#"{"text":"x"}"#)
        #expect(within.said == "The application failed: No such model (model_not_found)")
        let failed = #"{"type":"response.failed","response":{"error":{"code":"server_error","message":"E"}}}"#
        #expect(try await Self.agent(model([failed]), .responses).task(#"{"text":"x"}"#).said == "The application failed: E (server_error)")
    }

    @Test("events may be cut at every byte", arguments: ModelEndpoint.Dialect.allCases)
    func cutAnywhere(dialect: ModelEndpoint.Dialect) async throws {
        let events = dialect == .chat ? Self.chunks : Self.responses
        let bytes = Array(events.map { "data: \($0)\r\n\r\n" }.joined().utf8)
        let target = StubApplication { _ in StubApplication.pieces(bytes.map { ByteBuffer(bytes: [$0]) }) }
        #expect(try await Self.agent(target, dialect).task(#"{"text":"x"}"#).text(0) == "Hello")
    }
}
