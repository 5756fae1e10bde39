import GRDB
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubStore

@Suite("Writing many tasks at once", .timeLimit(.minutes(5)))
struct TaskWriterTests {
    private typealias F = TaskFixture

    /// Holds the store's writer until it is let go, on a thread of GRDB's.
    private func hold(_ database: HubDatabase) async -> (release: @Sendable () -> Void, end: Task<Void, any Error>) {
        let lock = ConditionLock(value: 0)
        let end = Task {
            try await database.pool.writeWithoutTransaction { _ in
                lock.lock()
                lock.unlock(withValue: 1)
                lock.lock(whenValue: 2)
                lock.unlock()
            }
        }
        await Task.detached {
            lock.lock(whenValue: 1)
            lock.unlock()
        }.value
        return (
            {
                lock.lock()
                lock.unlock(withValue: 2)
            }, end
        )
    }

    @Test("what comes while others are committed is committed together, and what is refused spoils nothing")
    func groups() async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("0"), at: 0, to: F.task("t0"))
        let before = try fixture.database.version()
        let commits = NIOLockedValueBox(0)
        try await fixture.database.pool.writeWithoutTransaction { database in
            database.add(transactionObserver: CommitCounter(commits), extent: .databaseLifetime)
        }
        let (release, end) = await hold(fixture.database)
        let outcomes = await withTaskGroup(of: (Int, StoreError.Kind?).self) { group in
            for number in 0..<100 {
                group.addTask {
                    // Every fifth is for another's task, or for a wrong place.
                    let task = number % 5 == 0 ? F.task("t0", owner: UInt64(number % 2 + 1)) : F.task("t\(number)")
                    do throws(StoreError) {
                        try await fixture.tasks.append(F.entries("\(number)"), at: 0, to: task)
                        return (number, nil)
                    } catch {
                        return (number, error.kind)
                    }
                }
            }
            group.addTask {
                release()
                return (-1, nil)
            }
            var outcomes: [Int: StoreError.Kind?] = [:]
            for await (number, kind) in group { outcomes[number] = .some(kind) }
            return outcomes
        }
        try await end.value
        for number in 0..<100 { #expect(outcomes[number] == .some(number % 5 == 0 ? .conflict : nil)) }
        for number in 0..<100 where number % 5 != 0 { #expect(try await fixture.texts("t\(number)") == ["\(number)"]) }
        #expect(try await fixture.texts("t0") == ["0"])
        #expect(commits.withLockedValue { $0 } < 80)
        #expect(try fixture.database.version() != before)
    }

    @Test("more than may wait is refused at once, and goes through when it is tried again")
    func full() async throws {
        var bounds = TaskBounds()
        bounds.waitingChanges = 4
        let fixture = try F(bounds: bounds)
        try await fixture.tasks.append(F.entries("0"), at: 0, to: F.task("first"))
        let (release, end) = await hold(fixture.database)
        let refused = NIOLockedValueBox(0)
        let tasks = (0..<40).map { number in
            Task {
                do throws(StoreError) {
                    try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("t\(number)"))
                } catch {
                    #expect(error.kind == .busy)
                    let count = refused.withLockedValue { count in
                        count += 1
                        return count
                    }
                    // One group is being committed, and four changes wait behind it.
                    if count == 31 { release() }
                }
            }
        }
        for task in tasks { await task.value }
        try await end.value
        #expect(try await fixture.tasks.usage().tasks == 41 - refused.withLockedValue { $0 })
        try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("later"))
        #expect(try await fixture.texts("later") == ["x"])
    }

    @Test("what a caller is told is stored survives the end of the process alone; all else waits for the disk as before")
    func durability() async throws {
        let fixture = try F()
        let inside = try await fixture.database.changeSoon { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(inside == 1)  // NORMAL
        let refused = await #expect(throws: StoreError.self) {
            try await fixture.database.changeSoon { _ in throw StoreError.otherLog }
        }
        #expect(refused?.kind == .conflict)
        #expect(try await fixture.database.pool.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)  // FULL
    }

    @Test("a caller that is cancelled has its change made all the same")
    func cancelled() async throws {
        let fixture = try F()
        let (release, end) = await hold(fixture.database)
        let task = Task { try await fixture.tasks.append(F.entries("x"), at: 0, to: F.task("t")) }
        task.cancel()
        release()
        try await task.value
        try await end.value
        #expect(try await fixture.texts("t") == ["x"])
    }
}

/// Counts commits.
private final class CommitCounter: TransactionObserver {
    private let commits: NIOLockedValueBox<Int>

    init(_ commits: NIOLockedValueBox<Int>) { self.commits = commits }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.withLockedValue { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
}
