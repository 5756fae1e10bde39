import FoundationEssentials
import GRDB
import NIOCore

/// How tasks stand in their tables. What is read is checked: a row that somebody changed is an error.
enum TaskRows {
    /// The owner of what is being forgotten.
    static let nobody = Data()
    /// No log has more bytes, nor as many entries: what says so was written by others, and sums of it stay far from overflowing.
    static let maximumBytes = 1 << 40
    /// The columns of a task.
    static let columns = "number, id, agent, owner, context, state, at_work, changed, entries, bytes"

    /// A digest as it is stored.
    static func data(_ owner: StoredOwner) -> Data {
        let digest = owner.digest
        return Data((0..<16).map { UInt8(truncatingIfNeeded: digest >> UInt128(120 - 8 * $0)) })
    }

    /// A digest that was stored.
    static func owner(_ data: Data) throws -> StoredOwner {
        guard data.count == 16 else { throw StoreError.damagedRow }
        return StoredOwner(data.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// A row of `tasks`.
    struct Kept: Sendable {
        var number: Int64
        var task: StoredTask
        var entries: Int
        var bytes: Int

        init(_ row: Row) throws {
            number = try row.checked("number")
            task = StoredTask(
                agent: try row.checked("agent"), owner: try TaskRows.owner(row.checked("owner")), id: try row.checked("id"),
                contextID: try row.checked("context"), state: try row.checked("state"), isAtWork: try row.checked("at_work"),
                changed: try row.checked("changed"))
            (entries, bytes) = (try row.checked("entries"), try row.checked("bytes"))
            guard (0...TaskRows.maximumBytes).contains(entries), (0...TaskRows.maximumBytes).contains(bytes) else {
                throw StoreError.damagedRow
            }
        }
    }

    /// The task of this id, if it is that owner's at that agent.
    static func find(_ id: String, agent: String, owner: StoredOwner, in database: Database) throws -> Kept? {
        let row = try Row.fetchOne(
            database.cachedStatement(sql: "SELECT \(columns) FROM tasks WHERE id = ? AND agent = ? AND owner = ?"),
            arguments: [id, agent, data(owner)])
        return try row.map { try Kept($0) }
    }

    /// Adds to a log.
    ///
    /// - Throws: `StoreError` with `conflict` before anything is written, where the log is another's or does not end there.
    static func append(_ entries: [ByteBuffer], at position: Int, to task: StoredTask, in database: Database) throws
        -> TaskHoldings.Growth
    {
        let added = entries.reduce(0) { $0 + $1.readableBytes }
        let number: Int64
        var growth = TaskHoldings.Growth(owner: task.owner, bytes: added)
        if let kept = try find(task.id, agent: task.agent, owner: task.owner, in: database) {
            guard kept.entries == position else { throw StoreError.otherLog }
            number = kept.number
            try database.cachedStatement(
                sql: """
                    UPDATE tasks SET context = ?, state = ?, at_work = ?, changed = ?, entries = entries + ?, bytes = bytes + ?
                    WHERE number = ?
                    """
            ).execute(arguments: [task.contextID, task.state, task.isAtWork, task.changed, entries.count, added, number])
        } else {
            guard position == 0 else { throw StoreError.otherLog }
            try database.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO tasks (id, agent, owner, context, state, at_work, changed, entries, bytes)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                task.id, task.agent, data(task.owner), task.contextID, task.state, task.isAtWork, task.changed, entries.count, added,
            ])
            guard database.changesCount == 1 else { throw StoreError.otherLog }
            number = database.lastInsertedRowID
            growth.tasks = 1
        }
        let insert = try database.cachedStatement(sql: "INSERT INTO task_entries (task, position, entry) VALUES (?, ?, ?)")
        for (offset, entry) in entries.enumerated() {
            try insert.execute(arguments: [number, position + offset, Data(entry.readableBytesView)])
        }
        return growth
    }

    /// The entries of a task in order.
    static func entries(of kept: Kept, in database: Database) throws -> [ByteBuffer] {
        let rows = try Row.fetchCursor(
            database.cachedStatement(sql: "SELECT position, entry FROM task_entries WHERE task = ? ORDER BY position"),
            arguments: [kept.number])
        var entries: [ByteBuffer] = []
        var left = kept.bytes
        while let row = try rows.next() {
            let position: Int = try row.checked("position")
            let entry: Data = try row.checked("entry")
            left -= entry.count
            guard position == entries.count, left >= 0 else { throw StoreError.damagedRow }
            entries.append(ByteBuffer(bytes: entry))
        }
        guard entries.count == kept.entries, left == 0 else { throw StoreError.damagedRow }
        return entries
    }
}

extension StoreError {
    /// The log of a task does not go on where it should, or is another's.
    static let otherLog = StoreError(.conflict, "the task is kept no longer, or its log goes on elsewhere")
}
