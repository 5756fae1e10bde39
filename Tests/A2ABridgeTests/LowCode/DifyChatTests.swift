import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Chats of Dify as agents", .timeLimit(.minutes(1)))
struct DifyChatTests {
    static let parameters =
        #"{"opening_statement":"Hi","user_input_form":[],"suggested_questions":["What can you do?"],"file_upload":{"enabled":true}}"#
    static let ids = #""task_id":"t-1","message_id":"m-1","conversation_id":"c-1","created_at":1"#

    static let plain = [
        #"{"event":"message",\#(ids),"answer":"Hello"}"#, #"{"event":"message",\#(ids),"answer":" wörld"}"#,
        #"{"event":"message_end",\#(ids),"metadata":{"usage":{"total_tokens":7},"retriever_resources":[{"position":1}]}}"#,
    ]

    /// An application that answers with events, and knows nothing of files and forms.
    static func chat(_ events: [String], _ end: StubPieces.End = .whole) -> StubApplication {
        StubApplication { asked in
            switch asked.path {
            case "/chat-messages": StubApplication.events(events, end)
            case "/info": StubApplication.json(#"{"name":"Shop","description":"Sells","tags":["a"],"mode":"chat","author_name":"x"}"#)
            case "/meta": StubApplication.json(#"{"tool_icons":{"search":"https://x/i.png"}}"#)
            case let path where path.hasPrefix("/parameters"): StubApplication.json(parameters)
            case let path where path.hasSuffix("/stop"): StubApplication.json(#"{"result":"success"}"#)
            default: StubApplication.json(#"{"code":"not_found","message":"No","status":404}"#, status: 404)
            }
        }
    }

    @Test("an answer is one artifact with what it cost, and the next message is of the same conversation")
    func conversation() async throws {
        let application = Self.chat(Self.plain)
        let stub = StubAgent(dify: .chat, application)
        let task = try await stub.task(#"{"text":"hello"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task.text(0) == "Hello wörld")
        #expect(task["artifacts", 0]?[path: "metadata", "usage", "total_tokens"]?.int == 7)
        #expect(task["artifacts", 0]?["metadata"]?["retriever_resources", 0]?["position"]?.int == 1)
        let request = application.asked[0].json
        #expect(request["query"]?.string == "hello" && request["response_mode"]?.string == "streaming")
        #expect(request["conversation_id"]?.string == "" && request["inputs"]?.object?.isEmpty == true && request["files"] == nil)
        let again = try await stub.task(#"{"text":"and?"}"#, context: task["contextId"]?.string ?? "")
        #expect(again.state == "TASK_STATE_COMPLETED" && again.taskID != task.taskID)
        #expect(application.asked[1].json["conversation_id"]?.string == "c-1")
        let other = try await stub.task(#"{"text":"new"}"#)
        #expect(other.state == "TASK_STATE_COMPLETED" && application.asked[2].json["conversation_id"]?.string == "")
    }

    @Test("a caller has one name for the application, which tells nothing of it, and another caller another")
    func users() async throws {
        let application = Self.chat(Self.plain)
        let stub = StubAgent(dify: .chat, application)
        for caller in ["one", "one", "two", ""] { _ = try await stub.task(#"{"text":"x"}"#, by: caller) }
        let users = application.asked.map { $0.json["user"]?.string ?? "" }
        #expect(users[0] == users[1] && users[0] != users[2] && users[0].hasPrefix("hub-") && users[0].utf8.count == 36)
        #expect(users[3] == "anonymous" && !users[0].contains("one"))
    }

    @Test("who follows is told each piece as it comes, and the end")
    func streamed() async throws {
        let stub = StubAgent(dify: .chat, Self.chat(Self.plain))
        #expect(try await stub.streamed(#"{"text":"x"}"#) == ["working", "= Hello", "+  wörld", "+. ", "completed"])
    }

    @Test("events may be cut anywhere", arguments: [1, 2, 3, 5, 7])
    func cutAnywhere(size: Int) async throws {
        let bytes = Array(Self.plain.map { "data: \($0)\n\n" }.joined(separator: "event: ping\n\n").utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)]) }
        let application = StubApplication { asked in
            asked.path == "/chat-messages" ? StubApplication.pieces(pieces) : StubApplication.json(Self.parameters)
        }
        let task = try await StubAgent(dify: .chat, application).task(#"{"text":"x"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task.text(0) == "Hello wörld")
    }

    @Test("a stream that ends at any event but its last is a failure, as is one that breaks")
    func cut() async throws {
        for count in 0..<Self.plain.count {
            for end in [StubPieces.End.whole, .broken] {
                let task = try await StubAgent(dify: .chat, Self.chat(Array(Self.plain.prefix(count)), end)).task(#"{"text":"x"}"#)
                #expect(task.state == "TASK_STATE_FAILED")
                #expect(["The application broke off its answer", "The upstream broke off"].contains(task.said))
                if count > 0 { #expect(task["artifacts", 0] == nil || task.text(0)?.hasPrefix("Hello") == true) }
            }
        }
    }

    @Test("an agent's thoughts are statuses, and its closing words are not said twice")
    func agent() async throws {
        let events = [
            #"{"event":"agent_thought",\#(Self.ids),"id":"1","position":1,"thought":"","tool":"","observation":""}"#,
            #"{"event":"agent_message",\#(Self.ids),"answer":"A"}"#, #"{"event":"agent_message",\#(Self.ids),"answer":"B"}"#,
            #"{"event":"agent_thought",\#(Self.ids),"id":"1","position":1,"thought":"I look","tool":"search","tool_input":"{}"}"#,
            #"{"event":"agent_thought",\#(Self.ids),"id":"2","position":2,"thought":"","tool":"draw","tool_input":"{\"k\":\"secret\"}"}"#,
            #"{"event":"message_file",\#(Self.ids),"id":"f","type":"image","belongs_to":"assistant","url":"https://f.example/cat.png"}"#,
            #"{"event":"message_file",\#(Self.ids),"id":"g","type":"image","belongs_to":"assistant","url":"/files/relative.png"}"#,
            #"{"event":"message",\#(Self.ids),"answer":"AB"}"#, #"{"event":"message_end",\#(Self.ids),"metadata":{}}"#,
        ]
        let told = try await StubAgent(dify: .agent, Self.chat(events)).streamed(#"{"text":"x"}"#)
        #expect(
            told == [
                "working", "= A", "+ B", "working: I look", "working: Uses draw", "+. ", "=. https://f.example/cat.png", "completed",
            ])
        let quiet = try await StubAgent(dify: .agent, Self.chat(events), tellsProgress: false).streamed(#"{"text":"x"}"#)
        #expect(quiet == ["working", "= A", "+ B", "+. ", "=. https://f.example/cat.png", "completed"])
    }

    @Test("a file that has only a path at the application is fetched there, where that is a path")
    func relativeFiles() async throws {
        func file(_ url: String) -> String {
            #"{"event":"message_file",\#(Self.ids),"type":"image","belongs_to":"assistant","url":"\#(url)"}"#
        }
        let events = [file("/files/a.png?sign=b"), file("//evil.example/a"), file("/gone"), file("a.png"), file("/a b"), Self.plain[2]]
        let application = StubApplication { asked in
            switch asked.path {
            case "/chat-messages": StubApplication.events(events)
            case "/files/a.png?sign=b": CallResponse(status: 200, contentType: "image/png", body: ByteBuffer(bytes: [1, 2, 3]))
            case "/gone": StubApplication.json("", status: 404)
            default: StubApplication.json(Self.parameters)
            }
        }
        let task = try await StubAgent(dify: .chat, application).task(#"{"text":"x"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task["artifacts"]?.count == 1)
        #expect(task["artifacts", 0]?["parts", 0]?["raw"]?.string == "AQID")
        #expect(application.asked.map(\.path) == ["/chat-messages", "/files/a.png?sign=b", "/gone"])
    }

    @Test("an answer that is moderated is replaced")
    func moderated() async throws {
        let replaced = #"{"event":"message_replace",\#(Self.ids),"answer":"No."}"#
        let events = [Self.plain[0], replaced, Self.plain[2]]
        let stub = StubAgent(dify: .chat, Self.chat(events))
        #expect(try await stub.streamed(#"{"text":"x"}"#) == ["working", "= Hello", "= No.", "+. ", "completed"])
        #expect(try await stub.task(#"{"text":"x"}"#).text(0) == "No.")
        // What an agent says again at the end does not bring it back.
        let agent = [
            #"{"event":"agent_message",\#(Self.ids),"answer":"Bad"}"#, replaced, #"{"event":"message",\#(Self.ids),"answer":"Bad"}"#,
            Self.plain[2],
        ]
        #expect(try await StubAgent(dify: .agent, Self.chat(agent)).task(#"{"text":"x"}"#).text(0) == "No.")
    }

    @Test("errors end the task with their reason, before and within the stream")
    func errors() async throws {
        let event = #"{"event":"error",\#(Self.ids),"status":400,"code":"provider_quota_exceeded","message":"No quota"}"#
        let within = try await StubAgent(dify: .chat, Self.chat([Self.plain[0], event])).task(#"{"text":"x"}"#)
        #expect(within.state == "TASK_STATE_FAILED")
        #expect(within.said == "The application refused the request: No quota (provider_quota_exceeded)")
        let cases = [
            (401, "unauthorized", "The application refused the hub's credential"),
            (429, "too_many_requests", "The application takes no more requests at present: M (too_many_requests)"),
            (500, "internal_server_error", "The application failed: M (internal_server_error)"),
        ]
        for (status, code, reason) in cases {
            let application = StubApplication { asked in
                asked.method == .get
                    ? StubApplication.json(Self.parameters)
                    : StubApplication.json(#"{"code":"\#(code)","message":"M","status":\#(status)}"#, status: status)
            }
            #expect(try await StubAgent(dify: .chat, application).task(#"{"text":"x"}"#).said == reason)
        }
    }

    @Test("a conversation that is gone at the application begins anew with the next message")
    func gone() async throws {
        let application = StubApplication { asked in
            if asked.method == .get { return StubApplication.json(Self.parameters) }
            return asked.json["conversation_id"]?.string == "c-1"
                ? StubApplication.json(#"{"code":"not_found","message":"Conversation Not Exists.","status":404}"#, status: 404)
                : StubApplication.events(Self.plain)
        }
        let stub = StubAgent(dify: .chat, application)
        let context = try await stub.task(#"{"text":"x"}"#)["contextId"]?.string ?? ""
        #expect(try await stub.task(#"{"text":"x"}"#, context: context).state == "TASK_STATE_FAILED")
        #expect(try await stub.task(#"{"text":"x"}"#, context: context).state == "TASK_STATE_COMPLETED")
    }

    @Test("a task that is canceled is stopped at the application by the name of its run")
    func canceled() async throws {
        let gate = Gate()
        let application = Self.chat([Self.plain[0]], .gate(gate))
        let stub = StubAgent(dify: .chat, application)
        let task = try await stub.task(#"{"text":"x"}"#, extra: #","configuration":{"returnImmediately":true}"#)
        await gate.arrival()
        let canceled = try await stub.rpc("CancelTask", #"{"id":"\#(task.taskID)"}"#).json()["result"]
        #expect(canceled?.state == "TASK_STATE_CANCELED")
        let stop = application.asked.last
        #expect(stop?.path == "/chat-messages/t-1/stop" && stop?.json["user"] == application.asked.first?.json["user"])
    }

    @Test("a run that ends because it is stopped is canceled, whatever it says last", arguments: ["end", "error", "cut"])
    func stopped(last: String) async throws {
        let (gate, runtime) = (Gate(), NIOLockedValueBox<A2ARuntime?>(nil))
        let error = #"{"event":"error",\#(Self.ids),"status":400,"code":"stopped","message":"Stopped"}"#
        let events = ["end": [Self.plain[2]], "error": [error], "cut": []][last] ?? []
        let application = StubApplication { asked in
            if asked.path == "/chat-messages" {
                let first = ByteBuffer(string: "data: \(Self.plain[0])\n\n")
                let rest = events.map { ByteBuffer(string: "data: \($0)\n\n") }
                return StubApplication.pieces([first], .gate(gate, then: rest))
            }
            guard asked.path.hasSuffix("/stop") else { return StubApplication.json(Self.parameters) }
            gate.open()
            // The run has ended at the hub before the stop is answered.
            while runtime.withLockedValue({ $0?.load.tasksAtWork ?? 0 }) > 0 { await Task.yield() }
            return StubApplication.json(#"{"result":"success"}"#)
        }
        let stub = StubAgent(dify: .chat, application)
        runtime.withLockedValue { $0 = stub.runtime }
        let task = try await stub.task(#"{"text":"x"}"#, extra: #","configuration":{"returnImmediately":true}"#)
        await gate.arrival()
        let canceled = try await stub.rpc("CancelTask", #"{"id":"\#(task.taskID)"}"#).json()["result"]
        #expect(canceled?.state == "TASK_STATE_CANCELED")
        #expect(application.asked.count { $0.path.hasSuffix("/stop") } == 1)
    }

    @Test("a run that takes too long is stopped at the application")
    func tooLong() async throws {
        let gate = Gate()
        let application = Self.chat([Self.plain[0]], .gate(gate))
        let stub = StubAgent(dify: .chat, application)
        let task = try await stub.task(#"{"text":"x"}"#, extra: #","configuration":{"returnImmediately":true}"#)
        await gate.arrival()
        stub.runtime.drain()
        while stub.runtime.load.tasksAtWork > 0 { await Task.yield() }
        let ended = try await stub.rpc("GetTask", #"{"id":"\#(task.taskID)"}"#).json()["result"]
        #expect(ended?.state == "TASK_STATE_FAILED")
        #expect(application.asked.last?.path == "/chat-messages/t-1/stop")
    }

    @Test("what the application needs and nobody said is asked for, and answered in text or as an object")
    func variables() async throws {
        let form = #"""
            {"user_input_form":[{"text-input":{"label":"City","variable":"city","required":true,"max_length":20}},
            {"select":{"label":"Tone","variable":"tone","required":false,"options":["kind","curt"],"default":"kind"}}]}
            """#
        let application = StubApplication { asked in
            asked.path == "/chat-messages" ? StubApplication.events(Self.plain) : StubApplication.json(form)
        }
        let stub = StubAgent(dify: .chat, application)
        let asked = try await stub.task(#"{"text":"weather?"}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.said == "orders needs city (City)")
        #expect(asked.question?["schema"]?[path: "properties", "city", "maxLength"]?.int == 20)
        #expect(application.asked.isEmpty)
        let done = try await stub.task(#"{"text":"Oslo"}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED")
        let sent = application.asked[0].json
        #expect(sent["query"]?.string == "weather?")
        #expect(sent["inputs"] == .object(["city": .string("Oslo"), "tone": .string("kind")]))
        let object = try await stub.task(#"{"text":"weather?"},{"data":{"inputs":{"city":"Rome"}}}"#)
        #expect(object.state == "TASK_STATE_COMPLETED" && application.asked[1].json["inputs"]?["city"]?.string == "Rome")
        // A conversation that goes on has its variables.
        let context = object["contextId"]?.string ?? ""
        #expect(try await stub.task(#"{"text":"and now?"}"#, context: context).state == "TASK_STATE_COMPLETED")
        let silent = try await stub.task(#"{"data":{"inputs":{"city":"Rome"}}}"#)
        #expect(silent.said == "orders needs query (what is asked, in words)")
        #expect(try await stub.task(#"{"text":"weather?"}"#, task: silent.taskID).state == "TASK_STATE_COMPLETED")
    }

    @Test("bytes are uploaded, addresses are passed on, and each is told by its kind")
    func files() async throws {
        let application = StubApplication { asked in
            switch asked.path {
            case "/chat-messages": StubApplication.events(Self.plain)
            case "/files/upload": StubApplication.json(#"{"id":"up-1","name":"a.png"}"#, status: 201)
            default: StubApplication.json(Self.parameters)
            }
        }
        let parts = #"""
            {"text":"look"},{"raw":"AQID","filename":"../a\"b\r\n.png","mediaType":"image/png"},{"url":"https://x.example/r.pdf?a=b"},
            {"raw":"AQID"},{"raw":"aGk=","mediaType":"text/plain"}
            """#
        #expect(try await StubAgent(dify: .chat, application).task(parts).state == "TASK_STATE_COMPLETED")
        let uploads = application.asked.filter { $0.path == "/files/upload" }
        #expect(uploads.count == 3)
        let body = String(buffer: uploads[0].body)
        let boundary = MediaType(uploads[0].fields[.contentType] ?? "")?.parameter("boundary") ?? ""
        #expect(!boundary.isEmpty && body.hasPrefix("--\(boundary)\r\n") && body.hasSuffix("\r\n--\(boundary)--\r\n"))
        #expect(body.contains("name=\"file\"; filename=\"ab.png\"\r\ncontent-type: image/png\r\n\r\n\u{1}\u{2}\u{3}\r\n"))
        #expect(String(buffer: uploads[2].body).contains("filename=\"file.txt\""))
        let sent = application.asked.last?.json["files"]?.array ?? []
        #expect(sent.map { $0["type"]?.string } == ["image", "document", "custom", "document"])
        #expect(sent.map { $0["transfer_method"]?.string } == ["local_file", "remote_url", "local_file", "local_file"])
        #expect(sent[0]["upload_file_id"]?.string == "up-1" && sent[1]["url"]?.string == "https://x.example/r.pdf?a=b")
        let refused = try await StubAgent(dify: .chat, application).task(#"{"text":"x"},{"url":"file:///etc/passwd"}"#)
        #expect(refused.said == "The address of a file must begin with https:// or http://")
    }

    @Test("answers that make no sense end the task, and nothing else")
    func hostile() async throws {
        let nonsense = "The application's answer makes no sense"
        let cases: [(CallResponse, String)] = [
            (StubApplication.events(["[1,2]"]), nonsense), (StubApplication.events([#"{"event":"#]), nonsense),
            (StubApplication.json("{}"), nonsense), (StubApplication.json("<html>", status: 502), "The application failed"),
            (StubApplication.json("", status: 302), "The application redirects, which is not followed"),
            (StubApplication.pieces([ByteBuffer(bytes: [0x64, 0x61, 0x74, 0x61, 0x3A, 0xFF, 0x0A, 0x0A])]), nonsense),
            (StubApplication.pieces([ByteBuffer(repeating: 0x61, count: 5 << 20)]), "The application's answer is too large"),
            (
                StubApplication.json(#"{"error":"quota","status":200}"#), "The application failed: quota"
            ),
            (
                StubApplication.events([
                    #"{"event":7,"task_id":{"a":1},"conversation_id":[],"answer":3,"data":"x"}"#, #"{"event":"message","answer":null}"#,
                    #"{"event":"human_input_required"}"#, #"{"event":"workflow_finished"}"#,
                ]), "The application failed"
            ),
        ]
        for (response, reason) in cases {
            let application = StubApplication { asked in asked.method == .get ? StubApplication.json("[]") : response }
            let task = try await StubAgent(dify: .chat, application).task(#"{"text":"x"}"#)
            #expect(task.state == "TASK_STATE_FAILED" && task.said == reason)
        }
    }

    @Test("very many pieces become few entries, and an answer that is too long ends the task")
    func bounds() async throws {
        let event = #"{"event":"message","answer":"0123456789"}"#
        let many = Self.chat([String](repeating: event, count: 4_000) + [#"{"event":"message_end"}"#])
        let stub = StubAgent(dify: .chat, many)
        let told = try await stub.rpc("SendStreamingMessage", StubAgent.message(#"{"text":"x"}"#)).events()
        #expect(told.count < 700)
        let joined = told.compactMap { $0["result"]?["artifactUpdate"]?["artifact"]?["parts", 0]?["text"]?.string }.joined()
        #expect(joined.utf8.count == 40_000)
        var text = AnswerText(id: "a", name: "a", isStreamed: false)
        for _ in 0..<16 { try text.add(String(repeating: "x", count: 1 << 20)) }
        #expect(throws: HubError.self) { try text.add("x") }
    }

    @Test("what the application says of itself is on the card, and kept where it does not answer")
    func card() async throws {
        let application = DifyApplication(kind: .chat, target: Self.chat(Self.plain))
        let stub = StubAgent()
        let agent = A2AAgent(
            name: "shop", profile: AgentProfile(name: "Named", description: "Here", version: "1"), application: .dify(application),
            hosts: HostRule(names: [], allowsLoopback: true), runtime: stub.runtime)
        let base = try #require(HTTPAddress("http://localhost"))
        #expect(agent.card(at: base, for: .anonymous).skills.map(\.name) == ["Named"])
        await application.refresh(agent: "shop", logger: stub.request(.get, "").logger)
        let skill = try #require(agent.card(at: base, for: .anonymous).skills.first)
        #expect(skill.id == "shop" && skill.name == "Shop" && skill.description == "Sells")
        #expect(skill.inputModes.contains("image/png"))
        #expect(skill.tags == ["dify", "chat", "a", "search"] && skill.examples == ["What can you do?"])
        #expect(
            agent.card(at: base, for: .anonymous).capabilities.extensions.first.map { String(buffer: $0.parameters ?? ByteBuffer()) }?
                .contains(#""required":["query"]"#) == true)
    }

    @Test("a message for another skill, or of a caller who may not use it, is refused before anything is made of it")
    func gate() async throws {
        let application = Self.chat(Self.plain)
        let answer = try await StubAgent(dify: .chat, application).rpc(
            "SendMessage", StubAgent.message(StubAgent.data("other"))
        ).json()
        #expect(answer[path: "error", "code"]?.int == -32001 && application.all.isEmpty)
    }
}
