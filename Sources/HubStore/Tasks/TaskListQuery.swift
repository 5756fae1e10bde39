import GRDB

/// The statements that list tasks: each looks at the tasks of one owner alone, in the order of the index.
struct TaskListQuery: Sendable {
    /// A statement with its arguments.
    struct Statement: Sendable {
        var sql: String
        var arguments: StatementArguments
    }

    private let conditions: String
    private let arguments: StatementArguments

    init(_ selection: StoredTaskSelection) {
        var conditions = "owner = ? AND agent = ?"
        var arguments: StatementArguments = [TaskRows.data(selection.owner), selection.agent]
        if let context = selection.contextID {
            conditions += " AND context = ?"
            arguments += [context]
        }
        if let state = selection.state {
            conditions += " AND state = ?"
            arguments += [state]
        }
        if let since = selection.changedSince {
            conditions += " AND changed >= ?"
            arguments += [since]
        }
        (self.conditions, self.arguments) = (conditions, arguments)
    }

    /// How many there are.
    var count: Statement { Statement(sql: "SELECT count(*) FROM tasks WHERE \(conditions)", arguments: arguments) }

    /// Some of them.
    func page(after cursor: StoredTaskCursor?, limit: Int) -> Statement {
        var page = Statement(sql: "SELECT \(TaskRows.columns) FROM tasks WHERE \(conditions)", arguments: arguments)
        if let cursor {
            page.sql += " AND (changed, id) < (?, ?)"
            page.arguments += [cursor.changed, cursor.id]
        }
        page.sql += " ORDER BY changed DESC, id DESC LIMIT ?"
        page.arguments += [limit]
        return page
    }
}
