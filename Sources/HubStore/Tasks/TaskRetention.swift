import FoundationEssentials
import GRDB

/// Forgets tasks of which there are too many, or that are too old.
///
/// 1. Those go that changed last before a time. 2. Of an owner with too many those go that changed least recently. 3. Of all of them likewise.
/// 4. What goes is hidden first, so that nobody finds half a log, and emptied from its end, a little in each transaction.
enum TaskRetention {
    /// What one step did.
    struct Step: Sendable {
        /// What there is less.
        var growths: [TaskHoldings.Growth] = []
        /// Whether there may be more to do.
        var hasMore = false
        /// Whether more may be too old.
        var isCutoffLeft = false
    }

    /// How many tasks one transaction hides, and how many entries it removes.
    static let (hiddenTasks, removedEntries) = (128, 1_024)

    /// What there is.
    static func count(_ database: Database, _ bounds: TaskBounds) throws -> TaskHoldings {
        var holdings = TaskHoldings(bounds)
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT owner, count(*) AS tasks, sum(max(0, min(bytes, ?))) AS bytes FROM tasks WHERE length(owner) = 16 GROUP BY owner
                """, arguments: [TaskRows.maximumBytes])
        while let row = try rows.next() {
            holdings.take(
                TaskHoldings.Growth(
                    owner: try TaskRows.owner(row.checked("owner")), tasks: try row.checked("tasks"), bytes: try row.checked("bytes")))
        }
        return holdings
    }

    /// Does a little of what is to be done.
    static func step(_ holdings: TaskHoldings, _ bounds: TaskBounds, before cutoff: Int64?, in database: Database) throws -> Step {
        var step = Step()
        var left = holdings
        func hide(_ rows: [Row], while isTooMuch: () -> Bool) throws {
            for row in rows where isTooMuch() {
                try self.hide(row.checked("number"), in: database)
                let owner: Data = try row.checked("owner")
                guard owner.count == 16 else { continue }  // somebody changed it: it was not counted
                let bytes = max(0, min(try row.checked("bytes") as Int, TaskRows.maximumBytes))
                let growth = TaskHoldings.Growth(owner: try TaskRows.owner(owner), tasks: -1, bytes: -bytes)
                left.take(growth)
                step.growths.append(growth)
            }
        }
        if let cutoff {
            let old = try Row.fetchAll(
                database, sql: "SELECT number, owner, bytes FROM tasks WHERE changed < ? ORDER BY changed LIMIT ?",
                arguments: [cutoff, hiddenTasks])
            try hide(old) { true }
            step.isCutoffLeft = step.growths.count == hiddenTasks  // an index that names the same again and again ends it
        }
        for owner in holdings.crowded {
            let oldest = try Row.fetchAll(
                database, sql: "SELECT number, owner, bytes FROM tasks WHERE owner = ? ORDER BY changed, id LIMIT ?",
                arguments: [TaskRows.data(owner), hiddenTasks])
            try hide(oldest) { left.crowded.contains(owner) }
        }
        if left.isOver(bounds) {
            let oldest = try Row.fetchAll(
                database, sql: "SELECT number, owner, bytes FROM tasks WHERE changed < ? ORDER BY changed LIMIT ?",
                arguments: [Int64.max, hiddenTasks])
            try hide(oldest) { left.isOver(bounds) }
        }
        step.hasMore = try !step.growths.isEmpty || removeSome(in: database)
        return step
    }

    private static func hide(_ number: Int64, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM secrets WHERE name IN (SELECT ? || secret FROM task_webhooks WHERE task = ?)",
            arguments: [SecretRepository.Purpose.webhook.prefix, number])
        try database.execute(sql: "DELETE FROM task_webhooks WHERE task = ?", arguments: [number])
        // At the end of the order, where it is not looked for.
        try database.execute(
            sql: "UPDATE tasks SET owner = ?, at_work = 0, changed = ? WHERE number = ?",
            arguments: [TaskRows.nobody, Int64.max, number])
    }

    /// Removes some entries of hidden tasks, and those that have none left; whether it did anything.
    private static func removeSome(in database: Database) throws -> Bool {
        let hidden = try Int64.fetchAll(
            database, sql: "SELECT number FROM tasks WHERE owner = ? LIMIT ?", arguments: [TaskRows.nobody, hiddenTasks])
        var removed = 0
        for number in hidden where removed < removedEntries {
            let budget = removedEntries - removed
            try database.execute(
                sql: """
                    DELETE FROM task_entries WHERE task = ?1 AND position IN (
                        SELECT position FROM task_entries WHERE task = ?1 ORDER BY position DESC LIMIT ?2)
                    """, arguments: [number, budget])
            let isEmpty = database.changesCount < budget
            removed += database.changesCount
            guard isEmpty else { break }
            try database.execute(sql: "DELETE FROM tasks WHERE number = ?", arguments: [number])
            removed += database.changesCount
        }
        return removed > 0
    }
}
