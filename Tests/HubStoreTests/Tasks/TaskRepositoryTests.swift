import GRDB
import NIOCore
import Testing

@testable import HubStore

@Suite("The store of tasks", .timeLimit(.minutes(5)))
struct TaskRepositoryTests {
    private typealias F = TaskFixture

    @Test("a log is read as it was added to, by its owner at its agent alone, also after the store was opened again")
    func logs() async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("1", "2"), at: 0, to: F.task("t"))
        try await fixture.tasks.append(F.entries("3"), at: 2, to: F.task("t", context: "d", state: 3, isAtWork: false, changed: 9))
        for again in [fixture, try F(folder: fixture.folder)] {
            #expect(try await again.texts("t") == ["1", "2", "3"])
            let kept = try await again.tasks.read("t", agent: "a", owner: StoredOwner(1))?.task
            #expect(kept == F.task("t", context: "d", state: 3, isAtWork: false, changed: 9))
            #expect(try await again.texts("t", owner: 2) == nil)
            #expect(try await again.texts("t", agent: "b") == nil)
            #expect(try await again.tasks.usage() == (1, 3))
        }
    }

    @Test("what is for another place, another owner or another agent is refused, and changes nothing")
    func refusals() async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("1"), at: 0, to: F.task("t"))
        for (position, task) in [
            (0, F.task("t")), (2, F.task("t")), (-1, F.task("t")), (1, F.task("t", owner: 2)), (1, F.task("t", agent: "b")),
            (0, F.task("t", owner: 2)), (1, F.task("none")), (-1, F.task("none")),
        ] {
            let error = await #expect(throws: StoreError.self) {
                try await fixture.tasks.append(F.entries("x"), at: position, to: task)
            }
            #expect(error?.kind == .conflict)
        }
        for task in [F.task(""), F.task(String(repeating: "i", count: 257)), F.task("u", context: String(repeating: "c", count: 1_025))] {
            let error = await #expect(throws: StoreError.self) { try await fixture.tasks.append([], at: 0, to: task) }
            #expect(error?.kind == .invalid)
        }
        #expect(try await fixture.texts("t") == ["1"])
        #expect(try await fixture.tasks.usage() == (1, 1))
    }

    @Test("lists come in pages, the newest first, with the number on all of them")
    func lists() async throws {
        let fixture = try F()
        for number in 0..<10 {
            let task = F.task(
                "t\(number)", context: number < 5 ? "c" : "d", state: number % 3, isAtWork: false, changed: Int64(number / 2))
            try await fixture.tasks.append(F.entries("x"), at: 0, to: task)
        }
        try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("other", owner: 2))
        try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("elsewhere", agent: "b"))
        var selection = StoredTaskSelection(agent: "a", owner: StoredOwner(1))
        var (ids, cursor): ([String], StoredTaskCursor?) = ([], nil)
        repeat {
            let page = try await fixture.tasks.list(selection, after: cursor, limit: 3)
            #expect(page.total == 10)
            ids += page.tasks.map(\.id)
            cursor = page.tasks.last.map { StoredTaskCursor(changed: $0.changed, id: $0.id) }
        } while cursor != nil
        #expect(ids == (0..<10).reversed().map { "t\($0)" })
        selection.contextID = "d"
        selection.state = 1
        #expect(try await fixture.tasks.list(selection, after: nil, limit: 50).tasks.map(\.id) == ["t7"])
        selection = StoredTaskSelection(agent: "a", owner: StoredOwner(1))
        selection.changedSince = 4
        #expect(try await fixture.tasks.list(selection, after: nil, limit: 50).tasks.map(\.id) == ["t9", "t8"])
        #expect(try await fixture.tasks.list(selection, after: nil, limit: -1).tasks == [])
        #expect(try await fixture.tasks.list(StoredTaskSelection(agent: "a", owner: StoredOwner(3)), after: nil, limit: 1).total == 0)
    }

    @Test("no list looks at the tasks of others, and none is sorted", arguments: 0..<16)
    func plans(which: Int) throws {
        let fixture = try F()
        var selection = StoredTaskSelection(agent: "a", owner: StoredOwner(1))
        if which & 1 != 0 { selection.contextID = "c" }
        if which & 2 != 0 { selection.state = 2 }
        if which & 4 != 0 { selection.changedSince = 5 }
        let query = TaskListQuery(selection)
        let page = query.page(after: which & 8 != 0 ? StoredTaskCursor(changed: 7, id: "t") : nil, limit: 3)
        for statement in [query.count, page] {
            let plan = try fixture.database.look {
                try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + statement.sql, arguments: statement.arguments)
                    .map { $0["detail"] as String }
            }
            #expect(plan.count == 1)
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH tasks USING") && $0.contains("tasks_by_owner (owner=?") }, "\(plan)")
        }
    }

    @Test("tasks that somebody was at work on are found after a start, a page at a time")
    func unfinished() async throws {
        let fixture = try F()
        for number in 0..<6 {
            let task = F.task("t\(number)", agent: number < 3 ? "a" : "b", isAtWork: number % 2 == 0)
            try await fixture.tasks.append(F.entries("x"), at: 0, to: task)
        }
        #expect(try await fixture.tasks.unfinished(limit: 2).map(\.id) == ["t0", "t2"])
        #expect(try await fixture.tasks.unfinished(after: "t2", limit: 2).map(\.id) == ["t4"])
        #expect(try await fixture.tasks.unfinished(agent: "a", limit: 9).map(\.id) == ["t0", "t2"])
        try await fixture.tasks.append(F.entries("y"), at: 1, to: F.task("t0", isAtWork: false))
        #expect(try await fixture.tasks.unfinished(limit: 9).map(\.id) == ["t2", "t4"])
    }

    @Test(
        "a row that somebody changed is an error, never a crash",
        arguments: [
            "UPDATE task_entries SET position = 7 WHERE position = 1", "DELETE FROM task_entries WHERE position = 0",
            "UPDATE task_entries SET entry = zeroblob(9)", "UPDATE tasks SET entries = 9", "UPDATE tasks SET entries = -1",
            "UPDATE tasks SET bytes = -1", "UPDATE tasks SET bytes = 9223372036854775807", "UPDATE tasks SET entries = 9223372036854775807",
        ])
    func damaged(sql: String) async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("1", "2"), at: 0, to: F.task("t"))
        try fixture.database.change { try $0.execute(sql: sql) }
        let error = await #expect(throws: StoreError.self) { try await fixture.texts("t") }
        #expect(error?.kind == .damaged)
        // Others are not touched by it.
        let again = try F(folder: fixture.folder)
        try await again.tasks.append(F.entries("1"), at: 0, to: F.task("u", owner: 5))
        #expect(try await again.texts("u", owner: 5) == ["1"])
    }

    @Test(
        "a column of another kind, which only a changed schema lets in, is an error", arguments: ["owner", "context", "state", "changed"])
    func otherKinds(column: String) async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("1"), at: 0, to: F.task("t"))
        try fixture.database.change { database in
            try database.execute(sql: "CREATE TABLE loose AS SELECT * FROM tasks; DROP TABLE tasks; ALTER TABLE loose RENAME TO tasks")
            try database.execute(sql: "UPDATE tasks SET \(column) = \(column == "owner" ? "'short'" : "x'ff00ff'")")
        }
        await #expect(throws: StoreError.self) { try await fixture.tasks.unfinished(limit: 5) }
        await #expect(throws: Never.self) { await fixture.tasks.forgetOld(now: 1 << 40) }
    }
}
