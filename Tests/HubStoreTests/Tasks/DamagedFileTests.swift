import FoundationEssentials
import GRDB
import NIOCore
import Testing

@testable import HubStore

@Suite("A store whose file was damaged", .timeLimit(.minutes(5)))
struct DamagedFileTests {
    private typealias F = TaskFixture

    /// The file of a store with some tasks, without a log beside it.
    private func file() async throws -> Data {
        let fixture = try F()
        for number in 0..<8 {
            let task = F.task("task-\(number)", owner: UInt64(number % 2 + 1), isAtWork: number % 3 == 0, changed: Int64(number))
            try await fixture.tasks.append(F.entries("{\"a\":\(number)}", String(repeating: "x", count: 50 * number)), at: 0, to: task)
            try await fixture.tasks.keep(fixture.webhook("w"), of: task, now: 1)
        }
        fixture.database.emptyLog()
        return try Data(contentsOf: fixture.folder.url.appending(path: "hub.sqlite"))
    }

    /// Does all that is done with tasks; what fails is an error.
    private func use(_ folder: StoreFolder) async throws {
        let fixture = try F(folder: folder)
        let selection = StoredTaskSelection(agent: "a", owner: StoredOwner(1))
        // Each for itself: one error hides no crash of another.
        for number in 0..<8 {
            let task = F.task("task-\(number)", owner: UInt64(number % 2 + 1), changed: 9)
            _ = try? await fixture.tasks.read(task.id, agent: "a", owner: task.owner)
            _ = try? await fixture.tasks.webhooks(of: task)
            try? await fixture.tasks.append(F.entries("more"), at: 2, to: task)
            try? await fixture.tasks.moveWebhook("w", to: 2, of: task)
        }
        _ = try? await fixture.tasks.list(selection, after: nil, limit: 9)
        _ = try? await fixture.tasks.list(selection, after: StoredTaskCursor(changed: 5, id: "task-3"), limit: 9)
        _ = try? await fixture.tasks.unfinished(limit: 9)
        _ = try? await fixture.tasks.untold(limit: 9)
        _ = try? await fixture.tasks.usage()
        await fixture.tasks.forgetOld(now: 1 << 50)
    }

    @Test("whichever bytes of it are changed, what is read is refused or read, and nothing crashes")
    func bytes() async throws {
        let whole = try await file()
        for _ in 0..<40 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...24) {
                // Rows stand at the ends of pages; the header's first bytes alone would end it too soon.
                let place = Int.random(in: 1..<10) == 1 ? Int.random(in: 0..<damaged.count) : Int.random(in: 4096..<damaged.count)
                damaged[place] = Bool.random() ? UInt8.random(in: 0...255) : damaged[place] ^ (1 << UInt8.random(in: 0..<8))
            }
            let folder = try StoreFolder()
            try damaged.write(to: folder.url.appending(path: "hub.sqlite"))
            try? await use(folder)  // a store that does not open is refused as a whole
        }
    }
}
