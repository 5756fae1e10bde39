import GRDB
public import NIOCore

/// The door to the tables of tasks: logs that are only added to, what they are found by, and the webhooks of their clients.
///
/// One for a store, for as long as the process runs. What was added is in the file when its call returns: it survives the end of the process,
/// not that of the machine. Calls are not given up when their caller's task is cancelled.
public final class TaskRepository: Sendable {
    /// The longest id of a task or a webhook, in bytes.
    public static let maximumIDBytes = 256
    /// The longest name of an agent or a conversation, in bytes.
    public static let maximumNameBytes = 1_024

    let database: HubDatabase
    let secrets: SecretStore
    let bounds: TaskBounds
    let writer: TaskWriter

    /// The tasks of a store.
    ///
    /// - Parameters:
    ///   - database: the store.
    ///   - secrets: those of the same store; webhooks are sealed among them.
    ///   - bounds: how much is kept.
    public init(_ database: HubDatabase, secrets: SecretStore, bounds: TaskBounds = TaskBounds()) {
        (self.database, self.secrets, self.bounds) = (database, secrets, bounds)
        writer = TaskWriter(database, bounds: bounds)
    }

    // MARK: Writing

    /// Adds to the log of a task, and keeps what it is found by.
    ///
    /// - Parameters:
    ///   - entries: what is added, in order; not looked into.
    ///   - position: how many entries the log has before; 0 makes the task.
    ///   - task: what it is found by from now on.
    /// - Throws: `StoreError`: `conflict` where the log does not end there or is another's, `busy` where too much waits, `invalid` where ids or
    ///   names are too long.
    public func append(_ entries: [ByteBuffer], at position: Int, to task: StoredTask) async throws(StoreError) {
        guard !task.id.isEmpty, task.id.utf8.count <= Self.maximumIDBytes, task.contextID.utf8.count <= Self.maximumNameBytes,
            task.agent.utf8.count <= Self.maximumNameBytes
        else { throw StoreError(.invalid, "a task has an id of 1 to \(Self.maximumIDBytes) bytes and names that are not too long") }
        let bytes = entries.reduce(0) { $0 + $1.readableBytes }
        try await writer.make(
            TaskWriter.Change(bytes: bytes) { try TaskRows.append(entries, at: position, to: task, in: $0) })
    }

    /// Forgets what is too old and what is too much; comes back when it is gone. To be called now and then: age alone does not tell of itself.
    ///
    /// - Parameter now: in milliseconds since 1970.
    public func forgetOld(now: Int64) async {
        let age = bounds.age.components.seconds.multipliedReportingOverflow(by: 1_000)
        await writer.settle(before: age.overflow ? .min : now.subtractingReportingOverflow(age.partialValue).partialValue)
    }

    // MARK: Reading

    /// A task with its log; nil where there is none of this owner at this agent.
    ///
    /// - Throws: `StoreError` with `damaged` where the log is not as it was stored.
    @concurrent
    public func read(_ id: String, agent: String, owner: StoredOwner) async throws(StoreError) -> StoredTaskLog? {
        try database.look { database in
            guard let kept = try TaskRows.find(id, agent: agent, owner: owner, in: database) else { return nil }
            return StoredTaskLog(task: kept.task, entries: try TaskRows.entries(of: kept, in: database))
        }
    }

    /// Some of the tasks that are wanted, the newest first, and how many there are on all pages.
    ///
    /// - Parameters:
    ///   - selection: which are wanted.
    ///   - cursor: the last one of the page before; nil begins.
    ///   - limit: the most that are wanted.
    @concurrent
    public func list(_ selection: StoredTaskSelection, after cursor: StoredTaskCursor?, limit: Int) async throws(StoreError)
        -> (tasks: [StoredTask], total: Int)
    {
        let query = TaskListQuery(selection)
        return try database.look { database in
            let total = try Int.fetchOne(database, sql: query.count.sql, arguments: query.count.arguments) ?? 0
            let page = query.page(after: cursor, limit: max(0, limit))
            return (try Row.fetchAll(database, sql: page.sql, arguments: page.arguments).map { try TaskRows.Kept($0).task }, total)
        }
    }

    /// Tasks that somebody was at work on when they were last stored, by their ids: after a start these are the ones whose work was cut off.
    ///
    /// - Parameters:
    ///   - id: the last one of the page before; nil begins.
    ///   - agent: of this agent alone; nil: of all.
    ///   - limit: the most that are wanted.
    @concurrent
    public func unfinished(after id: String? = nil, agent: String? = nil, limit: Int) async throws(StoreError) -> [StoredTask] {
        try database.look { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(TaskRows.columns) FROM tasks WHERE at_work = 1 AND id > ? AND agent = coalesce(?, agent) ORDER BY id LIMIT ?
                    """, arguments: [id ?? "", agent, max(0, limit)]
            ).map { try TaskRows.Kept($0).task }
        }
    }

    /// How many tasks there are, and how many bytes their logs have.
    @concurrent
    public func usage() async throws(StoreError) -> (tasks: Int, bytes: Int) {
        if let known = writer.holdings { return (known.tasks, known.bytes) }
        let bounds = bounds
        let counted = try database.look { try TaskRetention.count($0, bounds) }
        return (counted.tasks, counted.bytes)
    }
}
