import GRDB

/// The tables of the store, as steps from one schema to the next.
///
/// A step that was published is never edited: a later one changes what it made. The number of the last step taken is kept in the file's
/// header (`user_version`), so that one transaction reads it, takes the missing steps and writes it: two processes may do so at once.
enum Schema {
    /// One step.
    struct Step: Sendable {
        /// Its number, one more than that of the step before.
        let number: Int
        /// What it makes, for people.
        let name: String
        /// The statements.
        let sql: String
    }

    /// All steps in order.
    static let steps: [Step] = [
        Step(
            number: 1, name: "secrets",
            sql: """
                -- Under which master key new values are sealed: at most one row.
                CREATE TABLE master_key (
                    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
                    key_id TEXT NOT NULL
                ) STRICT;
                CREATE TABLE secrets (
                    name TEXT PRIMARY KEY NOT NULL,
                    purpose TEXT NOT NULL,
                    format INTEGER NOT NULL,
                    key_id TEXT NOT NULL,
                    sealed_key BLOB NOT NULL,
                    sealed_value BLOB NOT NULL,
                    created_at INTEGER NOT NULL,
                    changed_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                """),
        Step(
            number: 2, name: "approvals",
            sql: """
                -- The servers whose first list of tools was taken, and where they were then: what they list there since is new.
                CREATE TABLE pinned_servers (
                    server TEXT NOT NULL,
                    place TEXT NOT NULL,
                    pinned_at INTEGER NOT NULL,
                    PRIMARY KEY (server, place)
                ) STRICT, WITHOUT ROWID;
                -- Definitions of tools, and what was decided about each.
                CREATE TABLE tool_definitions (
                    id INTEGER PRIMARY KEY,
                    server TEXT NOT NULL,
                    tool TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    state TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    definition BLOB NOT NULL,
                    findings BLOB NOT NULL,
                    seen_at INTEGER NOT NULL,
                    decided_at INTEGER,
                    decided_by TEXT,
                    UNIQUE (server, tool, digest)
                ) STRICT;
                -- What was decided when, and by whom; nothing here is ever changed.
                CREATE TABLE approval_events (
                    id INTEGER PRIMARY KEY,
                    at INTEGER NOT NULL,
                    server TEXT NOT NULL,
                    tool TEXT NOT NULL,
                    digest TEXT NOT NULL,
                    action TEXT NOT NULL,
                    actor TEXT NOT NULL,
                    note TEXT NOT NULL
                ) STRICT;
                CREATE INDEX approval_events_by_tool ON approval_events (server, tool, id);
                """),
        Step(
            number: 3, name: "tasks",
            sql: """
                -- What the logs of tasks are found by. A task that is being forgotten has an empty owner, so that nobody finds it.
                CREATE TABLE tasks (
                    number INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    agent TEXT NOT NULL,
                    owner BLOB NOT NULL,
                    context TEXT NOT NULL,
                    state INTEGER NOT NULL,
                    at_work INTEGER NOT NULL,
                    changed INTEGER NOT NULL,
                    entries INTEGER NOT NULL,
                    bytes INTEGER NOT NULL
                ) STRICT;
                -- Lists: how many one owner has is bounded, so that the other conditions look at those alone, without the table.
                CREATE INDEX tasks_by_owner ON tasks (owner, changed, id, agent, context, state);
                CREATE INDEX tasks_by_change ON tasks (changed);
                CREATE INDEX tasks_at_work ON tasks (id) WHERE at_work = 1;
                -- The logs; nothing here is ever changed.
                CREATE TABLE task_entries (
                    task INTEGER NOT NULL,
                    position INTEGER NOT NULL,
                    entry BLOB NOT NULL,
                    PRIMARY KEY (task, position)
                ) STRICT, WITHOUT ROWID;
                -- Where each webhook has come to. What it is, is a secret of that name.
                CREATE TABLE task_webhooks (
                    task INTEGER NOT NULL,
                    made INTEGER NOT NULL,
                    id TEXT NOT NULL,
                    secret TEXT NOT NULL,
                    position INTEGER NOT NULL,
                    PRIMARY KEY (task, id)
                ) STRICT, WITHOUT ROWID;
                """),
    ]

    /// The number of the last step.
    static var current: Int { steps.last?.number ?? 0 }

    /// The number of the last step that was taken in a file.
    static func version(of database: Database) throws -> Int { try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0 }

    /// Takes the steps that are missing. To be called in a transaction that may write.
    static func migrate(_ database: Database) throws {
        let version = try version(of: database)
        guard version < current else { return }
        for step in steps where step.number > version { try database.execute(sql: step.sql) }
        // Both are part of the transaction: https://www.sqlite.org/pragma.html#pragma_user_version
        try database.execute(sql: "PRAGMA application_id = \(HubDatabase.applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(current)")
    }
}
