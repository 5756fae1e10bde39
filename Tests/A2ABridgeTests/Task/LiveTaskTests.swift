import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

/// Stores when the test lets it, or refuses to.
private final class GatedStore: AgentTaskStore {
    let gate = Gate()
    let inner = InMemoryTaskStore()
    let isGated = NIOLockedValueBox(false)
    let isBroken = NIOLockedValueBox(false)
    let batches = NIOLockedValueBox<[Int]>([])

    func append(_ entries: [ByteBuffer], at position: Int, to task: TaskRecord) async throws {
        if isGated.withLockedValue({ $0 }) { try await gate.pass() }
        if isBroken.withLockedValue({ $0 }) { throw HubError(.internal, "The disk is full") }
        batches.withLockedValue { $0.append(entries.count) }
        try await inner.append(entries, at: position, to: task)
    }

    func read(_ id: String, agent: String, owner: TaskOwner) async throws -> (record: TaskRecord, entries: [ByteBuffer])? {
        try await inner.read(id, agent: agent, owner: owner)
    }
    func list(_ selection: TaskSelection, after cursor: TaskCursor?, limit: Int) async throws -> (tasks: [TaskRecord], total: Int) {
        ([], 0)
    }
    func unfinished(after id: String?, limit: Int) async throws -> [TaskRecord] { [] }
    func keepPush(_ webhook: TaskWebhook, of task: TaskRecord) async throws {}
    func pushes(of task: TaskRecord) async throws -> [TaskWebhook] { [] }
    func movePush(_ id: String, to position: Int, of task: TaskRecord) async throws {}
    func forgetPush(_ id: String, of task: TaskRecord) async throws {}
    func untold(after id: String?, limit: Int) async throws -> [TaskRecord] { [] }
}

@Suite("A task under way", .timeLimit(.minutes(1)))
struct LiveTaskTests {
    private let store = GatedStore()
    private let owner = TaskOwner(digest: 1)

    private func begin() async throws -> LiveTask {
        let message = AgentMessage(messageID: "m", role: .user, parts: [MessagePart(content: .text("x"))])
        let log = TaskLog(id: "t", contextID: "c", message: message, time: WireTime(milliseconds: 5))
        let task = LiveTask(log: log, stored: 0, isAtWork: true, agent: "a", owner: owner, store: store, timers: TimerTable())
        try await task.change { _ in }
        return task
    }

    private func isTold(_ task: LiveTask, _ position: Int) -> Bool { if case .entry = task.told(at: position) { true } else { false } }

    @Test("nobody is told of what is not stored, and what came meanwhile is stored together")
    func storedFirst() async throws {
        let task = try await begin()
        store.isGated.withLockedValue { $0 = true }
        async let first: Void = task.change { try $0.append(TaskStatus(state: .working)) }
        await store.gate.arrival()
        let reader = Task { try await task.log().entries.count }
        let artifact = Artifact(artifactID: "1", parts: [])
        let more = (0..<3).map { _ in
            Task { try await task.change { try $0.append(ArtifactUpdate(taskID: "", contextID: "", artifact: artifact)) } }
        }
        #expect(isTold(task, 1) && !isTold(task, 2))
        store.gate.open()
        try await first
        #expect(isTold(task, 2))
        for change in more { try await change.value }
        #expect(try await reader.value >= 3)
        #expect(isTold(task, 5) && !isTold(task, 6))
        #expect(store.batches.withLockedValue { $0.reduce(0, +) } == 6)
        let kept = try #require(try await store.read("t", agent: "a", owner: owner))
        let log = try await task.log()
        #expect(try TaskLog(id: "t", contextID: "c", stored: kept.entries).task == log.task)
    }

    @Test("a task whose store takes nothing more is broken off, and those who wait are woken")
    func broken() async throws {
        let task = try await begin()
        store.isBroken.withLockedValue { $0 = true }
        let waiter = Task { await task.wait(beyond: 2, limit: .seconds(3600)) }
        await #expect(throws: A2AFailure.self) { try await task.change { try $0.append(TaskStatus(state: .completed)) } }
        await waiter.value
        guard case .broken = task.told(at: 2) else {
            Issue.record("the task is told of")
            return
        }
        await #expect(throws: A2AFailure.self) { try await task.log() }
    }

    @Test("waiting ends with what waits, and leaves no timer behind")
    func waits() async throws {
        let timers = TimerTable()
        let message = AgentMessage(messageID: "m", role: .user, parts: [])
        let log = TaskLog(id: "t", contextID: "c", message: message, time: nil)
        let task = LiveTask(log: log, stored: 2, isAtWork: false, agent: "a", owner: owner, store: store, timers: timers)
        let waiter = Task { await task.wait(beyond: 2, limit: .seconds(3600)) }
        waiter.cancel()
        await waiter.value
        await task.wait(beyond: 1, limit: .seconds(3600))
        #expect(timers.count == 0)
    }

    @Test("times are kept to the millisecond, before 1970 too", arguments: [0, 1, 999, 1_700_000_000_123, -1, -1000, -1_500] as [Int64])
    func times(milliseconds: Int64) {
        #expect(WireTime(milliseconds: milliseconds)?.milliseconds == milliseconds)
    }

    @Test("ids are UUIDs of version 7 in the order of time")
    func ids() {
        let ids = (0..<50).map { TaskID.make(1_700_000_000_000 + Int64($0)) }
        #expect(ids == ids.sorted() && Set(ids).count == 50)
        for id in ids {
            let characters = Array(id)
            #expect(StatedValue.isUUID(id) && characters[14] == "7" && "89ab".contains(characters[19]))
        }
    }

    @Test(
        "entries that a store gives back damaged are refused", arguments: ["", "{}", "[]", #"{"status":{}}"#, #"{"message":{"parts":[]}}"#])
    func damaged(text: String) {
        let entry = ByteBuffer(string: text)
        #expect(throws: (any Error).self) { try TaskLog(id: "t", contextID: "c", stored: [entry, entry]) }
    }
}
