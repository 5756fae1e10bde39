import FoundationEssentials
import GRDB
import NIOCore
import Testing

@testable import HubStore

@Suite("What is forgotten of tasks", .timeLimit(.minutes(5)))
struct TaskRetentionTests {
    private typealias F = TaskFixture

    private func left(_ fixture: F) throws -> [String] {
        try fixture.database.look { try String.fetchAll($0, sql: "SELECT id FROM tasks ORDER BY id") }
    }

    @Test("of too many tasks those go that changed least recently")
    func tasks() async throws {
        var bounds = TaskBounds()
        bounds.tasks = 5
        let fixture = try F(bounds: bounds)
        for number in 0..<9 {
            try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("t\(number)", owner: UInt64(number), changed: Int64(number)))
        }
        try await fixture.tasks.append(F.entries("y"), at: 1, to: F.task("t4", owner: 4, changed: 20))
        await fixture.tasks.forgetOld(now: 0)
        #expect(try left(fixture) == ["t4", "t5", "t6", "t7", "t8"])
        #expect(try await fixture.tasks.usage() == (5, 6))
    }

    @Test("an owner with too many loses its own")
    func owners() async throws {
        var bounds = TaskBounds()
        bounds.tasksOfOwner = 3
        let fixture = try F(bounds: bounds)
        try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("other", owner: 2, changed: 0))
        for number in 0..<50 {
            try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("t\(number + 10)", changed: Int64(number)))
        }
        await fixture.tasks.forgetOld(now: 0)
        #expect(try left(fixture) == ["other", "t57", "t58", "t59"])
    }

    @Test("of too many bytes whole tasks go, in small steps, and never the last")
    func bytes() async throws {
        var bounds = TaskBounds()
        bounds.bytes = 5_000
        let fixture = try F(bounds: bounds)
        let many = (0..<1_000).map { _ in ByteBuffer(string: "12345678") }
        for number in 0..<3 { try await fixture.tasks.append(many, at: 0, to: F.task("t\(number)", changed: Int64(number))) }
        await fixture.tasks.forgetOld(now: 0)
        #expect(try left(fixture) == ["t2"])
        #expect(try await fixture.tasks.usage() == (1, 8_000))
        #expect(try fixture.database.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM task_entries") } == 1_000)
    }

    @Test("what is being forgotten is not found, nor is half of it, and a process that is cut off goes on with it at the next start")
    func hidden() async throws {
        var bounds = TaskBounds()
        bounds.tasks = 1
        let fixture = try F()
        let many = (0..<1_000).map { _ in ByteBuffer(string: "x") }
        for number in 0..<3 { try await fixture.tasks.append(many, at: 0, to: F.task("t\(number)", changed: Int64(number))) }
        let step = try fixture.database.change { [bounds] database in
            try TaskRetention.step(TaskRetention.count(database, bounds), bounds, before: nil, in: database)
        }
        #expect(step.hasMore && step.growths.count == 2)
        #expect(try await fixture.texts("t0") == nil)
        #expect(
            try await fixture.tasks.list(StoredTaskSelection(agent: "a", owner: StoredOwner(1)), after: nil, limit: 9).tasks.map(\.id) == [
                "t2"
            ])
        #expect(try await fixture.tasks.unfinished(limit: 9).map(\.id) == ["t2"])
        await #expect(throws: StoreError.self) { try await fixture.tasks.append(many, at: 0, to: F.task("t0")) }
        let next = try F(bounds: bounds, folder: fixture.folder)
        await next.tasks.forgetOld(now: 0)
        #expect(try left(next) == ["t2"])
        #expect(try next.database.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM task_entries") } == 1_000)
        #expect(try await next.tasks.usage() == (1, 1_000))
    }

    @Test("it keeps up with those who make tasks all the time")
    func load() async throws {
        var bounds = TaskBounds()
        bounds.tasks = 10
        let fixture = try F(bounds: bounds)
        let most = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var most = 0
                    for number in 0..<100 {
                        let task = F.task("t\(writer)-\(number)", owner: UInt64(number), changed: Int64(number))
                        try await fixture.tasks.append(F.entries("1", "2"), at: 0, to: task)
                        let kept = try fixture.database.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM tasks") }
                        most = max(most, kept ?? 0)
                    }
                    return most
                }
            }
            return try await group.reduce(0) { max($0, $1) }
        }
        #expect(most > 10 && most < 50)
    }

    @Test("tasks that changed too long ago go, however many they are, with their webhooks and what was sealed for them")
    func age() async throws {
        var bounds = TaskBounds()
        bounds.age = .seconds(10)
        let fixture = try F(bounds: bounds)
        for number in 0..<100 {
            try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("t\(number)", changed: number == 7 ? 90_000 : 80_000))
        }
        for number in 5..<9 { try await fixture.tasks.keep(fixture.webhook("w"), of: F.task("t\(number)"), now: 1) }
        await fixture.tasks.forgetOld(now: 95_000)
        #expect(try left(fixture) == ["t7"])
        #expect(try fixture.database.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM secrets") } == 1)
        #expect(try await fixture.tasks.webhooks(of: F.task("t7")).map(\.id) == ["w"])
        await fixture.tasks.forgetOld(now: .min)
        await fixture.tasks.forgetOld(now: .max)
        #expect(try left(fixture) == [])
    }
}
