import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Agents elsewhere that misbehave", .timeLimit(.minutes(1)))
struct RemoteHostileTests {
    typealias Script = ScriptedElsewhere

    /// A hub whose agent answers every message with this stream.
    private func streaming(_ results: [String], size: Int = 7) -> StubProxy {
        StubProxy(ScriptedElsewhere { _, _ in Script.stream(results, size: size) })
    }

    @Test("a stream may be cut into pieces anywhere", arguments: [1, 2, 3, 64, 100_000])
    func pieces(_ size: Int) async throws {
        let proxy = streaming(
            [
                Script.task("SUBMITTED"), Script.update("WORKING", message: "on it"), Script.artifact("a"),
                Script.artifact("b", append: true, last: true), Script.update("COMPLETED", message: "done"),
            ], size: size)
        #expect(
            try await proxy.story() == [
                "task TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_WORKING on it", "=a", "+b.", "TASK_STATE_COMPLETED done",
            ])
    }

    @Test("what is told twice is heard once, and what is added to nothing begins it")
    func duplicates() async throws {
        let proxy = streaming([
            Script.update("WORKING"), Script.update("WORKING"), Script.update("WORKING", message: "m"),
            Script.update("WORKING", message: "m"),
            Script.artifact("a", append: true), Script.artifact("b"), Script.artifact("b"), Script.update("COMPLETED"),
            Script.update("COMPLETED"), Script.update("WORKING", message: "late"),
        ])
        #expect(
            try await proxy.story() == [
                "task TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_WORKING m", "=a", "=b", "TASK_STATE_COMPLETED",
            ])
    }

    @Test("a card whose interfaces are called like the hub's own address makes no text grow")
    func growingCard() {
        let own = "http://localhost/a2a/orders"
        func interface(_ url: String) -> AgentInterface { AgentInterface(url: url, binding: "JSONRPC", version: "1.0") }
        let urls = Array(repeating: "o", count: 40) + Array(repeating: "http://localhost", count: 40) + ["http://10.0.0.9/x?y"]
        let text = "o://o, http://localhost and http://10.0.0.9/x"
        let theirs = AgentCard(name: text, description: text, interfaces: urls.map(interface), version: "1")
        let hub = AgentCard(name: "", description: "", interfaces: [interface(own)], version: "1")
        let card = ProxiedAgentCard(theirs: theirs, own: hub, words: CardWords()).card
        #expect(card.name == "o://o, http://localhost and \(own)" && card.description == card.name)
    }

    @Test("what is added to an artifact is taken in a time that grows with it, and no faster")
    func manyExtensions() {
        var task = AgentTask(id: "t", status: TaskStatus(state: .working))
        for turn in 0..<2 {
            let extensions = (0..<40_000).map { "urn:\(turn):\($0)" }
            let artifact = Artifact(artifactID: "a", parts: [], extensions: extensions)
            let isTaken = task.apply(ArtifactUpdate(taskID: "t", contextID: "c", artifact: artifact, append: turn > 0))
            #expect(isTaken)
        }
        #expect(task.artifacts.first?.extensions.count == 80_000)
    }

    @Test("a task with more artifacts than a log has entries is refused before they are looked at")
    func manyArtifacts() {
        var task = AgentTask(id: "theirs", status: TaskStatus(state: .working))
        task.artifacts = (0...TaskLog.Bounds().entries).map { Artifact(artifactID: "\($0)", parts: []) }
        let begun = AgentTask(id: "t", status: TaskStatus(state: .submitted))
        let card = AgentCard(name: "", description: "", interfaces: [], version: "1")
        let error = #expect(throws: A2AFailure.self) {
            var progress = RemoteProgress(begun, taskID: nil, contextID: nil, places: RemotePlaces(card, own: nil))
            return try progress.take(.task(task))
        }
        #expect(error?.code == .tooLarge)
    }

    /// Answers that fail a task.
    struct Bad: Sendable, CustomTestStringConvertible {
        var name: String
        var reason: String
        var answer: ScriptedElsewhere.Answer
        var testDescription: String { name }

        static let all = [
            Bad(name: "refused", reason: "The upstream failed to answer") { _, _ in
                throw HubError(.upstreamFailed, "The upstream failed to answer")
            },
            Bad(name: "5xx", reason: "The agent answered with status 500") { _, _ in
                CallResponse(status: 500, contentType: "text/html", body: ByteBuffer(string: "<b>10.0.0.9 exploded</b>"))
            },
            Bad(name: "not let in", reason: "The agent does not let the hub in") { _, _ in
                CallResponse(status: 401, contentType: nil, body: ByteBuffer())
            },
            Bad(name: "no JSON", reason: "The agent's answer is not of the protocol") { _, _ in
                CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: "{"))
            },
            Bad(name: "no event", reason: "The agent's answer is not of the protocol") { _, _ in
                CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .complete(ByteBuffer(string: "data: {\n\n")))
            },
            Bad(name: "no UTF-8", reason: "The agent's answer is not of the protocol") { _, _ in
                let bytes = ByteBuffer(bytes: Array("data: ".utf8) + [0xFF, 0x0A, 0x0A])
                return CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .complete(bytes))
            },
            Bad(name: "another id", reason: "result is required") { _, _ in
                let body = #"{"jsonrpc":"2.0","id":"2","result":{"task":{"id":"T","status":{"state":"TASK_STATE_COMPLETED"}}}}"#
                return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: body))
            },
            Bad(name: "another task", reason: "The agent's answer is of another task") { _, _ in
                ScriptedElsewhere.stream([ScriptedElsewhere.task("WORKING"), ScriptedElsewhere.update("COMPLETED", id: "U")])
            },
            Bad(name: "nothing", reason: "The agent broke off before it said anything") { _, _ in ScriptedElsewhere.stream([]) },
            Bad(name: "an inner failure", reason: "The agent failed to answer") { _, _ in
                ScriptedElsewhere.error(-32603, "cannot connect to 10.0.0.9")
            },
            Bad(name: "a refusal", reason: "The agent refused: no pictures") { _, _ in ScriptedElsewhere.error(-32005, "no pictures") },
            Bad(name: "a refusal with an address", reason: "The agent refused the message") { _, _ in
                ScriptedElsewhere.error(-32602, "see http://10.0.0.9/docs")
            },
            Bad(name: "deep JSON", reason: "The agent's answer is not of the protocol") { _, _ in
                ScriptedElsewhere.result(String(repeating: "[", count: 5000))
            },
            Bad(name: "a number for a text", reason: "status.state is none of the known values") { _, _ in
                ScriptedElsewhere.result(#"{"task":{"id":"T","status":{"state":1e999}}}"#)
            },
        ]
    }

    @Test("an answer that is none fails the task with a reason that names no address", arguments: Bad.all)
    func failures(_ bad: Bad) async throws {
        let proxy = StubProxy(ScriptedElsewhere(bad.answer))
        let task = try await proxy.task()
        #expect(task.state == "TASK_STATE_FAILED")
        #expect(task.said?.contains(bad.reason) == true, "\(task.said ?? "")")
        #expect(task.said?.contains("10.0.0.9") == false)
    }

    @Test("an event and an answer that are larger than the hub reads are read no further than that")
    func huge() async throws {
        let interface = RemoteInterface(version: .v1_0, binding: .jsonRPC, path: "")
        let stream = Script.stream([Script.task("WORKING"), Script.task("WORKING", message: String(repeating: "x", count: 1000))])
        var events = RemoteEvents(stream.body, of: .streamMessage, interface, maximumEvent: 500)
        #expect(try await events.next() != nil)
        let failure = await #expect(throws: A2AFailure.self) { try await events.next() }
        #expect(failure?.code == .invalidAgentResponse)
        let answer = Script.result(Script.task("WORKING", message: String(repeating: "x", count: 1000)))
        let error = await #expect(throws: HubError.self) { try await RemoteAnswer(answer, limit: 500) }
        #expect(error?.code == .tooLarge)
    }

    @Test("an agent that does not stream is given the message once, and asked how it stands until it has ended")
    func polling() async throws {
        let asked = NIOLockedValueBox(0)
        let elsewhere = ScriptedElsewhere(card: Script.card(streaming: false)) { method, _ in
            guard method == "GetTask" else { return Script.result(Script.task("SUBMITTED")) }
            let count = asked.withLockedValue { asked in
                asked += 1
                return asked
            }
            if count == 2 { throw HubError(.upstreamTimeout, "The upstream did not answer in time") }
            let made = #","artifacts":[{"artifactId":"a","parts":[{"text":"1"}\#(count > 3 ? #",{"text":"2"}"# : "")]}]"#
            let history = #","history":[{"messageId":"w","role":"ROLE_AGENT","parts":[{"text":"half"}]}]"#
            let state = count < 5 ? "WORKING" : "COMPLETED"
            let task = #"{"id":"T","contextId":"C","status":{"state":"TASK_STATE_\#(state)"}\#(count > 2 ? made + history : "")}"#
            return Script.result(task)
        }
        let proxy = StubProxy(elsewhere)
        #expect(
            try await proxy.story() == [
                "task TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "TASK_STATE_WORKING half", "=1", "+2", "TASK_STATE_COMPLETED",
            ])
        #expect(elsewhere.methods == ["SendMessage"] + Array(repeating: "GetTask", count: 5))
        #expect(try elsewhere.params(0)?[path: "configuration", "returnImmediately"]?.bool == true)
        let pauses = proxy.pauses.withLockedValue { $0 }
        #expect(pauses == [.milliseconds(500), .seconds(1), .milliseconds(500), .milliseconds(500)])
    }

    @Test("an agent that says it streams and does not is given the message in the other way")
    func fallback() async throws {
        let elsewhere = ScriptedElsewhere { method, _ in
            method == "SendMessage" ? Script.result(Script.task("COMPLETED", message: "ok")) : Script.error(-32004, "no streams")
        }
        let task = try await StubProxy(elsewhere).task()
        #expect(task.state == "TASK_STATE_COMPLETED" && task.said == "ok")
        #expect(elsewhere.methods == ["SendStreamingMessage", "SendMessage"])
    }

    @Test("after a cut the stream is asked for behind its last event; where the agent tells all again, the rest alone is told")
    func resumption() async throws {
        for knowsIDs in [true, false] {
            let elsewhere = ScriptedElsewhere { method, request in
                switch method {
                case "SendStreamingMessage":
                    return Script.stream(
                        [Script.task("WORKING"), Script.artifact("1"), Script.artifact("2", append: true)], ids: true, isCut: true)
                case "GetTask":
                    let made = #","artifacts":[{"artifactId":"a","parts":[{"text":"1"},{"text":"2"},{"text":"3"}]}]"#
                    return Script.result(#"{"id":"T","contextId":"C","status":{"state":"TASK_STATE_WORKING"}\#(made)}"#)
                default:
                    #expect(method == "SubscribeToTask" && request.headers[.lastEventID] == "e2")
                    let rest = [Script.artifact("3", append: true), Script.update("COMPLETED")]
                    return Script.stream(knowsIDs ? rest : [Script.artifact("1"), Script.artifact("2", append: true)] + rest)
                }
            }
            #expect(
                try await StubProxy(elsewhere).story() == [
                    "task TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "=1", "+2", "+3", "TASK_STATE_COMPLETED",
                ])
        }
    }

    @Test("an agent that has gone for good fails the task after some tries, with longer and longer pauses")
    func gone() async throws {
        let elsewhere = ScriptedElsewhere { method, _ in
            guard method == "SendStreamingMessage" else { throw HubError(.upstreamFailed, "The upstream failed to answer") }
            return Script.stream([Script.task("WORKING")], isCut: true)
        }
        let proxy = StubProxy(elsewhere)
        let task = try await proxy.task()
        #expect(task.state == "TASK_STATE_FAILED" && task.said == "The upstream failed to answer")
        let pauses = proxy.pauses.withLockedValue { $0 }
        #expect(pauses.count < 8 && pauses == pauses.sorted() && pauses.allSatisfy { $0 <= .seconds(15) })
        #expect(proxy.agent.releases?["v1"]?.failures == 1)
    }

    @Test("an agent that never ends is given up at the hub's limit, and its stream with it")
    func endless() async throws {
        let gate = Gate()
        let elsewhere = ScriptedElsewhere(card: Script.card(streaming: false)) { method, _ in
            method == "SendMessage"
                ? Script.result(Script.task("WORKING")) : Script.result(#"{"id":"T","status":{"state":"TASK_STATE_WORKING"}}"#)
        }
        let proxy = StubProxy(elsewhere) { _ in try await gate.pass() }
        async let answer = proxy.task()
        await gate.arrival()
        proxy.hub.timers.fire(now: .now + .seconds(700))
        let task = try await answer
        #expect(task.state == "TASK_STATE_FAILED" && task.said?.contains("longer than its limit") == true)
    }

    @Test("a task that waits for a credential is looked after, and the next message ends that")
    func credential() async throws {
        let gate = Gate()
        let elsewhere = ScriptedElsewhere { method, _ in
            switch method {
            case "SendStreamingMessage": Script.stream([Script.task("AUTH_REQUIRED", message: "sign in")])
            default: Script.result(#"{"id":"T","contextId":"C","status":{"state":"TASK_STATE_COMPLETED"}}"#)
            }
        }
        let waiting = ScriptedElsewhere { method, request in
            let count = try request.body.map { try JSONDocument(parsing: $0, limits: .message).root }?[path: "params", "message", "taskId"]
            switch method {
            case "SendStreamingMessage" where count == nil: return Script.stream([Script.task("AUTH_REQUIRED", message: "sign in")])
            case "SendStreamingMessage": return Script.stream([Script.task("COMPLETED", message: "in")])
            default: return Script.result(#"{"id":"T","contextId":"C","status":{"state":"TASK_STATE_AUTH_REQUIRED"}}"#)
            }
        }
        #expect(try await StubProxy(elsewhere).story().suffix(2) == ["TASK_STATE_AUTH_REQUIRED sign in", "TASK_STATE_COMPLETED"])
        let proxy = StubProxy(waiting) { _ in try await gate.pass() }
        let asked = try await proxy.task()
        #expect(asked.state == "TASK_STATE_AUTH_REQUIRED")
        await gate.arrival()
        let done = try await proxy.task(task: asked.taskID)
        #expect(done.state == "TASK_STATE_COMPLETED" && done.said == "in")
        while proxy.hub.runtime.load.tasksAtWork > 0 { await Task.yield() }
        #expect(try await proxy.rpc("GetTask", #"{"id":"\#(asked.taskID)"}"#).json()["result"]?.state == "TASK_STATE_COMPLETED")
    }

    @Test("an agent that goes on with a task is not canceled for its client, and one that has never heard of it is")
    func cancel() async throws {
        for (answer, expected) in [
            (Script.error(-32002, "no"), -32002), (Script.error(-32004, "no"), -32002), (Script.error(-32001, "no"), nil),
            (Script.result(#"{"id":"T","status":{"state":"TASK_STATE_COMPLETED"}}"#), -32002),
            (CallResponse(status: 503, contentType: nil, body: ByteBuffer()), -32603),
        ] {
            let elsewhere = ScriptedElsewhere { method, _ in
                method == "CancelTask" ? answer : Script.stream([Script.task("INPUT_REQUIRED", message: "which?")])
            }
            let proxy = StubProxy(elsewhere)
            let task = try await proxy.task()
            let ended = try await proxy.rpc("CancelTask", #"{"id":"\#(task.taskID)"}"#).json()
            #expect(ended[path: "error", "code"]?.int == expected)
            #expect(expected != nil || ended["result"]?.state == "TASK_STATE_CANCELED")
        }
    }

    @Test("parts that point at the agent's interface point at the hub, and files elsewhere stay")
    func addresses() async throws {
        let parts = #"{"url":"http://10.0.0.9:9000/rpc"},{"url":"http://10.0.0.9:9000/files/1"},{"url":"https://example.com/"}"#
        let artifact = #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","parts":[\#(parts)]}}}"#
        let task = try await streaming([artifact, Script.update("COMPLETED")]).task()
        let urls = (task["artifacts", 0]?["parts"]?.elements ?? .none).compactMap { $0["url"]?.string }
        #expect(urls == ["http://localhost/a2a/orders", "http://10.0.0.9:9000/files/1", "https://example.com/"])
    }
}
