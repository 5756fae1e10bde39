import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Applications of Model Studio as agents", .timeLimit(.minutes(1)))
struct ModelStudioTests {
    /// A frame as the service writes it.
    static func frame(_ number: Int, _ data: String, event: String = "result", status: Int = 200) -> String {
        "id:\(number)\nevent:\(event)\n:HTTP_STATUS/\(status)\ndata:\(data)\n\n"
    }

    static let frames = [
        frame(
            1,
            #"{"output":{"session_id":"s-1","finish_reason":"null","text":"你","thoughts":[{"thought":"I look","action_name":"search"}]},"usage":{}}"#
        ),
        frame(2, #"{"output":{"session_id":"s-1","finish_reason":"null","text":"好"},"usage":{},"request_id":"q"}"#),
        frame(
            3,
            #"""
            {"output":{"session_id":"s-1","finish_reason":"stop","text":"","doc_references":[{"index_id":"1","title":"T"}]},"usage":{"models":[{"model_id":"qwen","input_tokens":3,"output_tokens":2}]}}
            """#),
    ]

    static func application(_ frames: [String], _ end: StubPieces.End = .whole) -> StubApplication {
        StubApplication { _ in StubApplication.pieces(frames.map { ByteBuffer(string: $0) }, end) }
    }

    static func agent(_ target: StubApplication) -> StubAgent {
        let application = ModelStudioApplication(id: "app/1", target: target, workspace: "ws")
        return StubAgent(
            performer: ModelStudioPerformer(
                application: application, client: ApplicationClient(agent: "orders", tool: "orders", target: target),
                gate: SkillGate(skill: "orders", permission: nil)))
    }

    @Test("text comes in pieces, thoughts are statuses, and references and cost are told")
    func streamed() async throws {
        let target = Self.application(Self.frames)
        let stub = Self.agent(target)
        let told = try await stub.streamed(#"{"text":"x"}"#)
        #expect(
            told == ["working", "working: I look", "= 你", "+ 好", "+. ", #"=. [{"index_id":"1","title":"T"}]"#, "completed"])
        let asked = target.asked[0]
        #expect(asked.path == "/apps/app%2F1/completion" && asked.fields[.dashScopeSSE] == "enable")
        #expect(asked.fields[.dashScopeWorkspace] == "ws")
        #expect(asked.json["input"] == .object(["prompt": .string("x")]))
        #expect(asked.json["parameters"]?["incremental_output"] == .bool(true) && asked.json["parameters"]?["has_thoughts"] == .bool(true))
        let task = try await stub.task(#"{"text":"x"}"#)
        #expect(task.text(0) == "你好")
        #expect(task["artifacts", 0]?[path: "metadata", "usage"]?["models", 0]?["input_tokens"]?.int == 3)
    }

    @Test("a conversation is one session, and objects and addresses go along")
    func conversation() async throws {
        let target = Self.application(Self.frames)
        let stub = Self.agent(target)
        let context = try await stub.task(#"{"text":"x"}"#)["contextId"]?.string ?? ""
        let parts = #"{"text":"y"},{"data":{"city":"Oslo"}},{"url":"https://x.example/a.png"},{"url":"https://x.example/b.pdf"}"#
        #expect(try await stub.task(parts, context: context).state == "TASK_STATE_COMPLETED")
        let input = target.asked[1].json["input"]
        #expect(input?["session_id"]?.string == "s-1" && input?["biz_params"] == .object(["city": .string("Oslo")]))
        #expect(input?["image_list"] == .array([.string("https://x.example/a.png")]))
        #expect(input?["file_list"] == .array([.string("https://x.example/b.pdf")]))
        #expect(try await stub.task(#"{"data":{"prompt":"z","a":1}}"#).state == "TASK_STATE_COMPLETED")
        #expect(target.asked[2].json["input"] == .object(["prompt": .string("z"), "biz_params": .object(["a": .number("1")])]))
    }

    @Test("bytes are refused before there is a task, and silence is asked about")
    func refused() async throws {
        let target = Self.application(Self.frames)
        let answer = try await Self.agent(target).rpc("SendMessage", StubAgent.message(#"{"raw":"AQID"}"#)).json()
        #expect(answer[path: "error", "code"]?.int == -32005 && target.asked.isEmpty)
        #expect(try await Self.agent(target).task(#"{"text":"  "}"#).said == "orders needs prompt")
    }

    @Test("frames may be cut at every byte")
    func cutAnywhere() async throws {
        let bytes = Array(Self.frames.joined().utf8)
        let target = StubApplication { _ in StubApplication.pieces(bytes.map { ByteBuffer(bytes: [$0]) }) }
        #expect(try await Self.agent(target).task(#"{"text":"x"}"#).text(0) == "你好")
    }

    @Test("a stream without its last frame is a failure; errors are told by their code, throttling as such")
    func failures() async throws {
        func said(_ response: CallResponse) async throws -> String? {
            let task = try await Self.agent(StubApplication { _ in response }).task(#"{"text":"x"}"#)
            #expect(task.state == "TASK_STATE_FAILED")
            return task.said
        }
        @Sendable func pieces(_ frames: [String], _ end: StubPieces.End = .whole) -> CallResponse {
            StubApplication.pieces(frames.map { ByteBuffer(string: $0) }, end)
        }
        for count in 0..<3 {
            #expect(try await said(pieces(Array(Self.frames.prefix(count)))) == "The application broke off its answer")
            #expect(try await said(pieces(Array(Self.frames.prefix(count)), .broken)) == "The upstream broke off")
        }
        let error = #"{"code":"Throttling.RateQuota","message":"slow down","request_id":"q"}"#
        let throttled = "The application takes no more requests at present: slow down (Throttling.RateQuota)"
        #expect(try await said(pieces([Self.frames[0], Self.frame(2, error, event: "error", status: 429)])) == throttled)
        #expect(try await said(StubApplication.json(error, status: 429)) == throttled)
        #expect(try await said(StubApplication.json(error)) == throttled)
        let together = StubApplication { _ in pieces([Self.frames[0] + Self.frame(2, error, event: "error", status: 429)]) }
        let partial = try await Self.agent(together).task(#"{"text":"x"}"#)
        #expect(partial.said == throttled)
        // What came with it is told to who follows, and not waited for by who does not.
        let followed = try await Self.agent(together).streamed(#"{"text":"x"}"#)
        #expect(followed == ["working", "working: I look", "= 你", "failed: \(throttled)"])
        let key = #"{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"q"}"#
        #expect(try await said(StubApplication.json(key, status: 401)) == "The application refused the hub's credential")
        let app = #"{"code":"InvalidApp","message":"gone"}"#
        #expect(try await said(StubApplication.json(app, status: 400)) == "The application refused the request: gone (InvalidApp)")
        let inner = #"{"code":"Broken","message":"cannot reach http://10.0.0.9:5001/run"}"#
        #expect(try await said(StubApplication.json(inner, status: 500)) == "The application failed (Broken)")
        #expect(try await said(pieces([Self.frame(1, "7")])) == "The application's answer makes no sense")
    }

    @Test("messages of a workflow's nodes are text where there is no other")
    func workflow() async throws {
        func frame(_ text: String, _ reason: String) -> String {
            Self.frame(
                1,
                #"{"output":{"session_id":"s","finish_reason":"\#(reason)","workflow_message":{"node_id":"n","message":{"role":"assistant","content":"\#(text)"}}}}"#
            )
        }
        let target = Self.application([frame("A", "null"), frame("B", "null"), frame("", "stop")])
        #expect(try await Self.agent(target).task(#"{"text":"x"}"#).text(0) == "AB")
    }

    @Test("a task that is canceled leaves the application alone")
    func canceled() async throws {
        let gate = Gate()
        let target = Self.application([Self.frames[0]], .gate(gate))
        let stub = Self.agent(target)
        let task = try await stub.task(#"{"text":"x"}"#, extra: #","configuration":{"returnImmediately":true}"#)
        await gate.arrival()
        #expect(try await stub.rpc("CancelTask", #"{"id":"\#(task.taskID)"}"#).json()["result"]?.state == "TASK_STATE_CANCELED")
        #expect(target.asked.count == 1)
    }
}
