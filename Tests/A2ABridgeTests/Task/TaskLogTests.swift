import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("the log of a task")
struct TaskLogTests {
    private static let time = WireTime(seconds: 1_796_119_200)

    private static func message(_ text: String, _ role: MessageRole = .user, taskID: String? = nil, contextID: String? = nil)
        -> AgentMessage
    {
        AgentMessage(messageID: "m-\(text)", contextID: contextID, taskID: taskID, role: role, parts: [MessagePart(content: .text(text))])
    }

    private static func chunk(_ text: String, append: Bool = false, id: String = "a-1") -> ArtifactUpdate {
        ArtifactUpdate(
            taskID: "theirs", contextID: "theirs", artifact: Artifact(artifactID: id, parts: [MessagePart(content: .text(text))]),
            append: append)
    }

    /// Expects a failure of a kind.
    private func expect(_ code: A2AFailure.Code, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
        let failure = #expect(throws: A2AFailure.self, sourceLocation: location, performing: body)
        #expect(failure?.code == code, sourceLocation: location)
    }

    private func log(entries: Int = 100) -> TaskLog {
        TaskLog(id: "t-1", contextID: "c-1", message: Self.message("one"), time: Self.time, bounds: TaskLog.Bounds(entries: entries))
    }

    @Test("a task begins submitted, with the message it begins with, which has its ids")
    func begins() {
        let log = log()
        #expect(log.task.status == TaskStatus(state: .submitted, timestamp: Self.time))
        #expect(log.task.history == [Self.message("one", taskID: "t-1", contextID: "c-1")])
        #expect(log.position == 2)
        #expect(!log.isSettled)
    }

    @Test("from every state to every other: what has ended stays ended, and nothing is submitted again")
    func transitions() throws {
        for before in TaskState.allCases where before != .unspecified && before != .submitted {
            for after in TaskState.allCases {
                var log = log()
                try log.append(TaskStatus(state: before))
                let isLegal = !before.isTerminal && after != .submitted && after != .unspecified
                #expect(TaskLog.allows(after, after: before) == isLegal)
                if isLegal {
                    try log.append(TaskStatus(state: after))
                    #expect(log.task.status.state == after)
                } else {
                    let position = log.position
                    let failure = #expect(throws: A2AFailure.self) { try log.append(TaskStatus(state: after)) }
                    #expect(failure?.code == .invalidAgentResponse)
                    #expect(log.task.status.state == before)
                    #expect(log.position == position)
                }
            }
        }
    }

    @Test("a task asks, is answered and ends: what it asked and what it was told is history, in order")
    func turns() throws {
        var log = log()
        try log.append(TaskStatus(state: .inputRequired, message: Self.message("which?", .agent)))
        #expect(log.isSettled)
        try log.append(Self.message("that", taskID: "t-1"))
        #expect(log.task.status.message == nil)
        try log.append(TaskStatus(state: .working, message: Self.message("wait", .agent)))
        try log.append(TaskStatus(state: .completed, message: Self.message("done", .agent)))
        #expect(log.task.history.map(\.messageID) == ["m-one", "m-which?", "m-that", "m-wait"])
        #expect(log.task.status.message?.messageID == "m-done")
        #expect(log.task.showing(historyLength: 2).history.map(\.messageID) == ["m-that", "m-wait"])
        #expect(log.task.showing(historyLength: 0).history.isEmpty)
        #expect(log.task.showing(historyLength: 99) == log.task)
    }

    @Test("an ended task takes nothing", arguments: TaskState.allCases.filter(\.isTerminal))
    func ended(_ state: TaskState) throws {
        var log = log()
        try log.append(TaskStatus(state: state))
        let before = log.entries
        expect(.unsupportedOperation) { try log.append(Self.message("more")) }
        expect(.invalidAgentResponse) { try log.append(Self.chunk("more")) }
        expect(.unsupportedOperation) { _ = try log.subscription() }
        if state == .canceled {
            let isNews = try log.cancel(time: Self.time)
            #expect(!isNews)
        } else {
            expect(.taskNotCancelable) { _ = try log.cancel(time: Self.time) }
        }
        #expect(log.entries == before)
        #expect(log.isSettled)
    }

    @Test("a message for another task or conversation is refused, and changes nothing")
    func mismatch() {
        var log = log()
        for (message, field) in [
            (Self.message("x", taskID: "t-2"), "message.taskId"), (Self.message("x", contextID: "c-2"), "message.contextId"),
        ] {
            let failure = #expect(throws: A2AFailure.self) { try log.append(message) }
            #expect(failure?.code == .invalidParameters)
            #expect(failure?.violations.map(\.field) == [field])
        }
        #expect(log.position == 2)
    }

    @Test("an artifact is put together from its pieces, and replaced by one that is not more of it")
    func artifacts() throws {
        var log = log()
        try log.append(Self.chunk("a"))
        var more = Self.chunk("b", append: true)
        more.artifact.metadata = ByteBuffer(string: #"{"n":1}"#)
        more.artifact.extensions = ["urn:x"]
        try log.append(more)
        try log.append(more)
        try log.append(Self.chunk("other", id: "a-2"))
        #expect(log.task.artifacts.map(\.parts.count) == [3, 1])
        #expect(log.task.artifacts[0].metadata == ByteBuffer(string: #"{"n":1}"#))
        #expect(log.task.artifacts[0].extensions == ["urn:x"])
        try log.append(Self.chunk("new"))
        #expect(log.task.artifacts.map(\.artifactID) == ["a-1", "a-2"])
        #expect(log.task.artifacts[0].parts == [MessagePart(content: .text("new"))])
        #expect(log.task.showing(historyLength: nil, includesArtifacts: false).artifacts.isEmpty)
        let position = log.position
        #expect(
            #expect(throws: A2AFailure.self) { try log.append(Self.chunk("x", append: true, id: "a-3")) }?.code == .invalidAgentResponse)
        #expect(log.position == position)
    }

    @Test("who subscribes gets the task and then what comes, the same as everybody else, whenever it began")
    func subscriptions() throws {
        var log = log()
        try log.append(TaskStatus(state: .working), metadata: ByteBuffer(string: #"{"p":1}"#))
        let early = try log.subscription(historyLength: 0)
        #expect(early.first == .task(log.task.showing(historyLength: 0)))
        try log.append(Self.chunk("a"))
        try log.append(Self.message("aside"))
        let late = try log.subscription()
        try log.append(TaskStatus(state: .completed))
        let events = log.events(from: early.position)
        #expect(events.count == 2)
        #expect(events.last == .statusUpdate(StatusUpdate(taskID: "t-1", contextID: "c-1", status: TaskStatus(state: .completed))))
        #expect(log.events(from: late.position) == events.suffix(1))
        guard case .artifactUpdate(let update) = events[0] else {
            Issue.record("no artifact")
            return
        }
        #expect(update.taskID == "t-1")
        #expect(log.events(from: 0).count == 4)
        #expect(log.events(from: -5) == log.events(from: 0))
        #expect(log.events(from: 99).isEmpty)
    }

    @Test("the events of a log, told to somebody who knows nothing, make the same task")
    func fold() throws {
        var random = RandomValues(seed: 9)
        for _ in 0..<200 {
            var log = log()
            var copy = log.task
            let begin = log.position
            for _ in 0..<random.number(below: 12) {
                switch random.number(below: 3) {
                case 0: try? log.append(random.status())  // refused or taken: both are fine here
                case 1: try? log.append(Self.chunk(random.text(), append: random.chance(), id: "a-\(random.number(below: 3))"))
                default: break
                }
            }
            for event in log.events(from: begin) {
                switch event {
                case .statusUpdate(let update): copy.apply(update.status)
                case .artifactUpdate(let update):
                    let isTaken = copy.apply(update)
                    #expect(isTaken)
                case .task, .message: Issue.record("not of a log")
                }
            }
            #expect(copy == log.task)
        }
    }

    @Test("a log holds so many bytes; an end that is too large is one without words")
    func large() throws {
        var log = TaskLog(
            id: "t-1", contextID: "c-1", message: Self.message("one"), time: nil, bounds: TaskLog.Bounds(entries: 1000, bytes: 20_000))
        var taken = 0
        while taken < 1000, (try? log.append(Self.chunk(String(repeating: "x", count: 1000), append: taken > 0))) != nil { taken += 1 }
        #expect((8...16).contains(taken))
        #expect(log.task.artifacts.first?.parts.count == taken)
        let words = Self.message(String(repeating: "y", count: 20_000), .agent)
        expect(.tooLarge) { try log.append(TaskStatus(state: .working, message: words)) }
        try log.append(TaskStatus(state: .completed, message: words))
        #expect(log.task.status == TaskStatus(state: .completed))
    }

    @Test("what is as deep as a payload may be can be read again when it was kept")
    func deepEntries() throws {
        let depth = JSONLimits.payload.maximumDepth
        let data = ByteBuffer(string: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        _ = try JSONDocument(parsing: data, limits: .payload)
        let artifact = Artifact(artifactID: "a", parts: [MessagePart(content: .data(data))])
        let entry = TaskLog.Entry.artifact(ArtifactUpdate(taskID: "t", contextID: "c", artifact: artifact))
        #expect(try TaskLog.Entry(stored: entry.stored) == entry)
    }

    @Test("a log that is full takes an end, and nothing else")
    func full() throws {
        var log = log(entries: 3)
        try log.append(TaskStatus(state: .working))
        expect(.tooLarge) { try log.append(TaskStatus(state: .working)) }
        expect(.tooLarge) { try log.append(Self.message("more")) }
        expect(.tooLarge) { try log.append(Self.chunk("more")) }
        #expect(log.task.artifacts.isEmpty)
        try log.append(TaskStatus(state: .failed))
        #expect(log.task.status.state == .failed)
    }
}
