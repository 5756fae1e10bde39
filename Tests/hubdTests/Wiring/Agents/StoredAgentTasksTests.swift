import A2ABridge
import Crypto
import FoundationEssentials
import HubCore
import HubStore
import NIOCore
import Testing

@testable import hubd

/// Numbers that are the same each time (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Tasks of agents in the store", .timeLimit(.minutes(5)))
struct StoredAgentTasksTests {
    /// Whatever one may ask a store, with everything small enough to meet again.
    private enum Question {
        case append([ByteBuffer], Int, TaskRecord)
        case read(String, String, TaskOwner)
        case list(TaskSelection, TaskCursor?, Int)
        case unfinished(String?, Int)
        case keep(TaskWebhook, TaskRecord)
        case pushes(TaskRecord)
        case move(String, Int, TaskRecord)
        case forget(String, TaskRecord)
        case untold(String?, Int)

        init(_ random: inout Seeded, _ lengths: inout [String: Int]) {
            func one(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
            let id = "t\(one(0..<12))"
            // A task is nearly always that of its owner.
            let isOther = one(0..<20) == 0
            let record = TaskRecord(
                agent: one(0..<30) == 0 ? "b" : "a", owner: TaskOwner(digest: UInt128(id.utf8.count + (isOther ? 1 : 0))), id: id,
                contextID: "c\(one(0..<3))", state: one(0..<9), changed: Int64(one(0..<6)))
            let cursor = one(0..<2) == 0 ? TaskCursor(changed: Int64(one(0..<6)), id: "t\(one(0..<12))") : nil
            let after = one(0..<2) == 0 ? "t\(one(0..<12))" : nil
            switch one(0..<12) {
            case 0...3:
                let entries = (0..<one(0..<4)).map { ByteBuffer(string: "\(id) \($0)") }
                let position = one(0..<10) == 0 ? one(0..<5) : lengths[id, default: 0]
                self = .append(entries, position, record)
            case 4: self = .read(id, record.agent, record.owner)
            case 5:
                var selection = TaskSelection(agent: record.agent, owner: record.owner)
                if one(0..<2) == 0 { selection.contextID = record.contextID }
                if one(0..<2) == 0 { selection.state = record.state }
                if one(0..<2) == 0 { selection.changedSince = record.changed }
                self = .list(selection, cursor, one(-1..<5))
            case 6: self = .unfinished(after, one(0..<6))
            case 7:
                self = .keep(
                    TaskWebhook(id: "w\(one(0..<20))", configuration: ByteBuffer(string: "{\(one(0..<9))}"), position: one(0..<4)), record)
            case 8: self = .pushes(record)
            case 9: self = .move("w\(one(0..<20))", one(0..<9), record)
            case 10: self = .forget("w\(one(0..<20))", record)
            default: self = .untold(after, one(0..<6))
            }
        }

        /// The answer as text, a refusal included.
        func answer(of store: any AgentTaskStore) async -> String {
            do {
                switch self {
                case .append(let entries, let position, let task):
                    try await store.append(entries, at: position, to: task)
                    return "stored"
                case .read(let id, let agent, let owner):
                    let kept = try await store.read(id, agent: agent, owner: owner)
                    return "\(kept.map { "\($0.record) \($0.entries.map { String(buffer: $0) })" } ?? "none")"
                case .list(let selection, let cursor, let limit):
                    let page = try await store.list(selection, after: cursor, limit: limit)
                    return "\(page.total) \(page.tasks)"
                case .unfinished(let id, let limit): return "\(try await store.unfinished(after: id, limit: limit))"
                case .keep(let webhook, let task):
                    try await store.keepPush(webhook, of: task)
                    return "kept"
                case .pushes(let task):
                    return "\(try await store.pushes(of: task).map { "\($0.id) \(String(buffer: $0.configuration)) \($0.position)" })"
                case .move(let id, let position, let task):
                    try await store.movePush(id, to: position, of: task)
                    return "moved"
                case .forget(let id, let task):
                    try await store.forgetPush(id, of: task)
                    return "forgotten"
                case .untold(let id, let limit): return "\(try await store.untold(after: id, limit: limit))"
                }
            } catch {
                return "refused: \((error as? HubError)?.code.description ?? "\(error)")"
            }
        }
    }

    @Test("whatever is asked of it, it answers as the store in memory does", arguments: 0..<4 as Range<UInt64>)
    func sameAnswers(seed: UInt64) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hub-tasks-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a temporary folder may stay
        let ring = MasterKeyRing(try #require(MasterKey(SymmetricKey(size: .bits256))))
        let memory = InMemoryTaskStore()
        let path = folder.appending(path: "hub.sqlite").path
        func open() throws -> StoredAgentTasks {
            let database = try HubDatabase(path: path)
            let secrets = SecretStore(SecretRepository(database)) { () throws(SecretError) in ring }
            let tasks = TaskRepository(database, secrets: secrets)
            return StoredAgentTasks({ tasks }) { 1 }
        }
        var stored = try open()
        var random = Seeded(state: seed)
        var lengths: [String: Int] = [:]
        var answers: [String: Int] = [:]
        for number in 0..<600 {
            let question = Question(&random, &lengths)
            let answer = await question.answer(of: stored)
            #expect(await question.answer(of: memory) == answer, "\(question)")
            if case .append(let entries, let position, let task) = question, answer == "stored" {
                lengths[task.id] = position + entries.count
            }
            answers[String(answer.prefix(8)), default: 0] += 1
            if number % 200 == 199 { stored = try open() }  // as after a restart
        }
        for kind in ["stored", "refused:", "kept", "moved", "forgotte"] { #expect(answers[kind, default: 0] > 3, "\(answers)") }
    }
}
