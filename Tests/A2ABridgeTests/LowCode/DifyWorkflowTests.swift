import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Workflows of Dify as agents", .timeLimit(.minutes(1)))
struct DifyWorkflowTests {
    static let ids = #""task_id":"t-1","workflow_run_id":"r-1""#
    static let form = #"""
        {"user_input_form":[{"paragraph":{"label":"Text","variable":"source","required":true}},
        {"number":{"variable":"count","required":false}},{"checkbox":{"variable":"fast","required":true}},
        {"file":{"label":"Scan","variable":"scan","required":false}},{"file-list":{"variable":"more","required":false}}]}
        """#
    static let started = #"{"event":"workflow_started",\#(ids),"data":{"id":"r-1","inputs":{}}}"#
    static let node = #"{"event":"node_started",\#(ids),"data":{"node_id":"n","node_type":"llm","title":"Translate"}}"#
    static let finished = #"""
        {"event":"workflow_finished",\#(ids),"data":{"status":"succeeded","outputs":{"result":"Bonjour","n":2},"total_tokens":9,"total_steps":3,
        "elapsed_time":1.5,"files":[{"type":"document","url":"https://f.example/a.pdf","filename":"a.pdf","mime_type":"application/pdf"}]}}
        """#.replacing("\n", with: "")
    static let pause = [
        #"""
        {"event":"human_input_required",\#(ids),"data":{"form_id":"f","form_token":"tok/1","node_title":"Approval","form_content":"Please review.",
        "inputs":[{"type":"paragraph","output_variable_name":"comment","default":null}],
        "actions":[{"id":"yes","title":"Approve"},{"id":"no","title":"Reject it"}],"resolved_default_values":{"comment":""},"expiration_time":9}}
        """#.replacing("\n", with: ""),
        #"{"event":"workflow_paused",\#(ids),"data":{"status":"paused","paused_nodes":["a"],"reasons":[]}}"#,
    ]

    /// A workflow whose run tells one thing, and what follows a form another.
    static func workflow(
        _ run: [String], then: [String] = [], form: String = form, submit: CallResponse = StubApplication.json("{}")
    ) -> StubApplication {
        StubApplication { asked in
            switch asked.path {
            case "/workflows/run": StubApplication.events(run)
            case "/files/upload": StubApplication.json(#"{"id":"up"}"#, status: 201)
            case let path where path.hasPrefix("/form/human_input/"): submit
            case let path where path.hasPrefix("/workflow/r-1/events"): StubApplication.events(then)
            case let path where path.hasPrefix("/parameters"): StubApplication.json(form)
            case let path where path.hasSuffix("/stop"): StubApplication.json("{}")
            default: StubApplication.json(#"{"code":"not_found","status":404}"#, status: 404)
            }
        }
    }

    @Test("outputs are data, files are parts, steps are statuses")
    func outputs() async throws {
        let application = Self.workflow([Self.started, Self.node, Self.finished])
        let stub = StubAgent(dify: .workflow, application)
        let told = try await stub.streamed(#"{"text":"Good day"},{"data":{"fast":true}}"#)
        #expect(
            told == [
                "working", "working: Translate", #"=. {"result":"Bonjour","n":2}"#, "=. https://f.example/a.pdf", "completed",
            ])
        let sent = application.asked[0].json
        #expect(sent["inputs"] == .object(["fast": .bool(true), "source": .string("Good day")]) && sent["query"] == nil)
        let task = try await stub.task(#"{"data":{"inputs":{"source":"x","fast":false}}}"#)
        #expect(task["artifacts", 0]?[path: "metadata", "usage", "total_tokens"]?.int == 9)
        #expect(task["artifacts", 1]?["parts", 0]?["mediaType"]?.string == "application/pdf")
    }

    @Test("text of a workflow is text, with the outputs beside it; a single output of text is text, too")
    func text() async throws {
        let chunk = #"{"event":"text_chunk",\#(Self.ids),"data":{"text":"Bon"}}"#
        let one = #"{"event":"workflow_finished",\#(Self.ids),"data":{"status":"succeeded","outputs":{"result":"Bonjour"}}}"#
        let parts = #"{"data":{"source":"x","fast":true}}"#
        let streamed = try await StubAgent(dify: .workflow, Self.workflow([Self.started, chunk, one])).streamed(parts)
        #expect(streamed == ["working", "= Bon", "+. ", #"=. {"result":"Bonjour"}"#, "completed"])
        let whole = try await StubAgent(dify: .workflow, Self.workflow([Self.started, one])).streamed(parts)
        #expect(whole == ["working", "=. Bonjour", #"=. {"result":"Bonjour"}"#, "completed"])
    }

    @Test("the first text goes to the first variable of text, and what is missing is asked for one after another")
    func missing() async throws {
        let application = Self.workflow([Self.started, Self.finished])
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"text":"Good day"}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.said == "orders needs fast")
        #expect(asked.question?["arguments"]?["source"]?.string == "Good day")
        let done = try await stub.task(#"{"text":"yes"}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && application.asked[0].json["inputs"]?["fast"] == .bool(true))
        let empty = try await stub.task(#"{"data":{"count":3}}"#)
        #expect(empty.said == "orders needs source (Text), fast")
        let more = try await stub.task(#"{"data":{"source":"s","fast":false}}"#, task: empty.taskID)
        #expect(more.state == "TASK_STATE_COMPLETED" && application.asked[1].json["inputs"]?["count"] == .number("3"))
    }

    @Test("a file that is required is asked for, and long text is an answer like any other")
    func requiredFile() async throws {
        let form =
            #"{"user_input_form":[{"file":{"label":"Scan","variable":"scan","required":true}},{"paragraph":{"variable":"p","required":true}}]}"#
        let application = Self.workflow([Self.started, Self.finished], form: form)
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"x":1}}"#)
        #expect(asked.said == "orders needs scan (Scan (attach it to the message, or give its address)), p")
        let text = try await stub.task(#"{"url":"https://x.example/a.png"}"#, task: asked.taskID)
        #expect(text.said == "orders needs p")
        let long = String(repeating: "word ", count: 4_000)
        #expect(try await stub.task(#"{"text":"\#(long)"}"#, task: asked.taskID).state == "TASK_STATE_COMPLETED")
        let inputs = application.asked[0].json["inputs"]
        #expect(inputs?["p"]?.string == long && inputs?["scan"]?["url"]?.string == "https://x.example/a.png")
    }

    @Test("an application that does not describe itself gets words as its query")
    func undescribed() async throws {
        let application = Self.workflow([Self.started, Self.finished], form: "[]")
        #expect(try await StubAgent(dify: .workflow, application).task(#"{"text":"x"}"#).state == "TASK_STATE_COMPLETED")
        #expect(application.asked[0].json["inputs"] == .object(["query": .string("x")]))
    }

    @Test("files go to the variables that take them")
    func files() async throws {
        let application = Self.workflow([Self.started, Self.finished])
        let parts = #"""
            {"data":{"source":"x","fast":true}},{"raw":"AQID","mediaType":"image/png"},{"url":"https://x.example/b.wav"},{"url":"https://x.example/c"}
            """#
        #expect(try await StubAgent(dify: .workflow, application).task(parts).state == "TASK_STATE_COMPLETED")
        let sent = application.asked.last?.json
        #expect(sent?["inputs"]?["scan"]?["upload_file_id"]?.string == "up" && sent?["files"] == nil)
        #expect(sent?["inputs"]?["more"]?.array?.map { $0["type"]?.string } == ["audio", "custom"])
        let address = #"{"data":{"source":"x","fast":true,"scan":"https://x.example/s.png","more":["https://x.example/t.pdf"]}}"#
        #expect(try await StubAgent(dify: .workflow, application).task(address).state == "TASK_STATE_COMPLETED")
        let inputs = application.asked.last?.json["inputs"]
        #expect(inputs?["scan"]?["transfer_method"]?.string == "remote_url" && inputs?["scan"]?["type"]?.string == "image")
        #expect(inputs?["more"]?.array?.first?["url"]?.string == "https://x.example/t.pdf")
    }

    @Test("a run that waits for people asks the client, and goes on with what it says")
    func human() async throws {
        let filled = #"{"event":"human_input_form_filled",\#(Self.ids),"data":{"action_id":"yes"}}"#
        // What was is told again first.
        let then = [Self.started, Self.node] + Self.pause + [filled, Self.finished]
        let application = Self.workflow([Self.started, Self.node] + Self.pause, then: then)
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.said?.hasPrefix("Please review.") == true)
        let schema = asked.question?["schema"]
        #expect(schema?[path: "properties", "action", "enum"]?.compact == #"["yes","no"]"#)
        #expect(schema?["required"]?.compact == #"["comment","action"]"#)
        #expect(!asked.compact.contains("tok/1"))
        let vague = try await stub.task(#"{"text":"Approve"}"#, task: asked.taskID)
        #expect(vague.state == "TASK_STATE_INPUT_REQUIRED" && vague.said?.hasPrefix("Still needed: comment") == true)
        let done = try await stub.task(#"{"data":{"comment":"Good","action":"yes"}}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done["artifacts", 0]?["parts", 0]?["data"]?["n"]?.int == 2)
        let submitted = application.asked[1]
        #expect(submitted.path == "/form/human_input/tok%2F1" && submitted.json["action"]?.string == "yes")
        #expect(submitted.json["inputs"] == .object(["comment": .string("Good")]))
        let user = application.asked[0].json["user"]?.string ?? "?"
        #expect(submitted.json["user"]?.string == user)
        #expect(
            application.asked[2].path == "/workflow/r-1/events?user=\(user)&include_state_snapshot=true&continue_on_pause=true")
    }

    @Test("a decision and text may be said in words, in either order")
    func humanWords() async throws {
        let application = Self.workflow([Self.started] + Self.pause, then: [Self.finished])
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        let vague = try await stub.task(#"{"text":"looks fine"}"#, task: asked.taskID)
        #expect(vague.said?.hasPrefix("Still needed: action") == true)
        let done = try await stub.task(#"{"text":"reject it"}"#, task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED")
        #expect(application.asked[1].json["action"]?.string == "no")
        #expect(application.asked[1].json["inputs"]?["comment"]?.string == "looks fine")
    }

    @Test("files of an answer go to the form's variables that take files, each to one")
    func humanFiles() async throws {
        let inputs = #"""
            "inputs":[{"type":"file","output_variable_name":"one"},{"type":"file-list","output_variable_name":"more"},{"type":"select",
            "output_variable_name":"rank","option_source":{"type":"constant","value":["low","high"]}}]
            """#.replacing("\n", with: "")
        let form = Self.pause[0].replacing(
            #""inputs":[{"type":"paragraph","output_variable_name":"comment","default":null}]"#, with: inputs)
        let application = Self.workflow([Self.started, form, Self.pause[1]], then: [Self.finished])
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        #expect(asked.question?["schema"]?[path: "properties", "rank", "enum"]?.compact == #"["low","high"]"#)
        let parts = #"""
            {"data":{"action":"yes","rank":"low"}},{"raw":"AQID","mediaType":"image/png"},{"url":"https://x.example/b.pdf"},{"url":"https://x.example/c"}
            """#
        #expect(try await stub.task(parts, task: asked.taskID).state == "TASK_STATE_COMPLETED")
        let sent = application.asked.first { $0.path.hasPrefix("/form/") }?.json["inputs"]
        #expect(sent?["one"]?["upload_file_id"]?.string == "up" && sent?["rank"]?.string == "low")
        #expect(sent?["more"]?.array?.map { $0["url"]?.string } == ["https://x.example/b.pdf", "https://x.example/c"])
    }

    @Test("a form that the application refuses is asked again; one that was answered elsewhere is not")
    func refusedForm() async throws {
        let answer = #"{"data":{"comment":"c","action":"yes"}}"#
        let wrong = StubApplication.json(#"{"code":"invalid_form_data","message":"Too short","status":400}"#, status: 400)
        let stub = StubAgent(dify: .workflow, Self.workflow([Self.started] + Self.pause, submit: wrong))
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        let again = try await stub.task(answer, task: asked.taskID)
        #expect(again.state == "TASK_STATE_INPUT_REQUIRED")
        #expect(again.said?.hasPrefix("The application refused the request: Too short (invalid_form_data)\n\nPlease review.") == true)
        let late = StubApplication.json(#"{"code":"human_input_form_submitted","message":"M","status":412}"#, status: 412)
        let other = StubAgent(dify: .workflow, Self.workflow([Self.started] + Self.pause, then: [Self.finished], submit: late))
        let waiting = try await other.task(#"{"data":{"source":"x","fast":true}}"#)
        #expect(try await other.task(answer, task: waiting.taskID).state == "TASK_STATE_COMPLETED")
    }

    @Test("a form that goes by mail is waited for elsewhere, and a message looks whether the run goes on")
    func mail() async throws {
        let form = #"{"event":"human_input_required",\#(Self.ids),"data":{"form_id":"f","form_token":null,"form_content":"By mail"}}"#
        let application = Self.workflow([Self.started, form, Self.pause[1]], then: [Self.pause[1], Self.finished])
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        #expect(asked.state == "TASK_STATE_INPUT_REQUIRED" && asked.said?.contains("By mail") == true)
        #expect(try await stub.task(#"{"text":"?"}"#, task: asked.taskID).state == "TASK_STATE_COMPLETED")
        #expect(application.asked.map(\.method) == [.post, .get])
    }

    @Test("a run that waits again after an answer asks again, and its text goes on in another artifact")
    func twice() async throws {
        let chunk = #"{"event":"text_chunk",\#(Self.ids),"data":{"text":"T"}}"#
        let second = Self.pause[0].replacing("tok/1", with: "tok2").replacing("Please review.", with: "And now?")
        let application = Self.workflow([Self.started, chunk] + Self.pause, then: [chunk, second, Self.pause[1]])
        let stub = StubAgent(dify: .workflow, application)
        let asked = try await stub.task(#"{"data":{"source":"x","fast":true}}"#)
        let again = try await stub.task(#"{"data":{"comment":"c","action":"yes"}}"#, task: asked.taskID)
        #expect(again.state == "TASK_STATE_INPUT_REQUIRED" && again.said?.hasPrefix("And now?") == true)
        #expect(again["artifacts", 0]?["artifactId"]?.string == "answer" && again["artifacts", 1]?["artifactId"]?.string == "answer-2")
        let canceled = try await stub.rpc("CancelTask", #"{"id":"\#(asked.taskID)"}"#).json()["result"]
        #expect(canceled?.state == "TASK_STATE_CANCELED" && application.asked.last?.path == "/workflows/tasks/t-1/stop")
    }

    @Test("failed and stopped runs end the task as such, and one without its end is cut")
    func ends() async throws {
        func task(_ events: [String]) async throws -> JSONValue {
            try await StubAgent(dify: .workflow, Self.workflow(events)).task(#"{"data":{"source":"x","fast":true}}"#)
        }
        let failed = #"{"event":"workflow_finished",\#(Self.ids),"data":{"status":"failed","error":"Node broke"}}"#
        #expect(try await task([Self.started, failed]).said == "The application failed: Node broke")
        let stopped = #"{"event":"workflow_finished",\#(Self.ids),"data":{"status":"stopped"}}"#
        #expect(try await task([Self.started, stopped]).state == "TASK_STATE_CANCELED")
        #expect(try await task([Self.started, Self.node]).said == "The application broke off its answer")
        #expect(try await task([Self.started, Self.pause[1]]).state == "TASK_STATE_INPUT_REQUIRED")
    }

    @Test("a flow that chats ends with its workflow, and its outputs are its answer")
    func chatflow() async throws {
        let end = #"{"event":"message_end",\#(Self.ids),"metadata":{"usage":{"total_tokens":4}}}"#
        let message = #"{"event":"message",\#(Self.ids),"conversation_id":"c","answer":"Hi"}"#
        let done = #"{"event":"workflow_finished",\#(Self.ids),"data":{"status":"succeeded","outputs":{"answer":"Hi"}}}"#
        let told = try await StubAgent(dify: .chat, DifyChatTests.chat([Self.started, message, end, done])).streamed(#"{"text":"x"}"#)
        #expect(told == ["working", "= Hi", "+. ", "completed"])
        let failed = #"{"event":"workflow_finished",\#(Self.ids),"data":{"status":"failed","error":"E"}}"#
        let task = try await StubAgent(dify: .chat, DifyChatTests.chat([Self.started, message, failed])).task(#"{"text":"x"}"#)
        #expect(task.said == "The application failed: E")
    }

    @Test("a text generator gets its variables, and its answer is text")
    func completion() async throws {
        let events = [#"{"event":"message","task_id":"t","answer":"Poem"}"#, #"{"event":"message_end","task_id":"t","metadata":{}}"#]
        let application = StubApplication { asked in
            asked.path == "/completion-messages"
                ? StubApplication.events(events)
                : StubApplication.json(#"{"user_input_form":[{"text-input":{"variable":"topic","required":true}}]}"#)
        }
        let task = try await StubAgent(dify: .completion, application).task(#"{"text":"cats"}"#)
        #expect(task.state == "TASK_STATE_COMPLETED" && task.text(0) == "Poem")
        #expect(application.asked[0].json["inputs"] == .object(["topic": .string("cats")]))
        #expect(application.asked[0].json["conversation_id"] == nil)
    }
}
