import GRDB

extension HubDatabase {
    /// Runs a transaction that may write; it is on the disk when this returns. One at a time, over all processes.
    func change<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try pool.write(body)
        } catch {
            throw Self.storeError(error)
        }
    }

    /// Runs a transaction that survives the end of the process when this returns, but not that of the machine: the disk is not waited for.
    ///
    /// On the same connection as all others, so that they take turns: two would wait for each other by looking again and again. The body is
    /// begun and ended whatever becomes of the caller's task.
    func changeSoon<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        do {
            return try await pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
                let result = Result {
                    var value: T?
                    try database.inTransaction(.immediate) {
                        value = try body(database)
                        return .commit
                    }
                    return value
                }
                try database.execute(sql: "PRAGMA synchronous = FULL")
                guard let value = try result.get() else { throw StoreError(.unusable, "the store cannot be used: nothing was committed") }
                return value
            }
        } catch {
            throw Self.storeError(error)
        }
    }

    /// Runs a transaction that sees one state of the store and changes nothing.
    func look<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try pool.read(body)
        } catch {
            throw Self.storeError(error)
        }
    }

    /// Takes what the log holds over into the file and empties the log, so that nothing stays there of what was replaced.
    ///
    /// Where another process still reads from the log, it stays until that is done.
    func emptyLog() {
        _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }  // a log that stays is sealed as the file is
    }

    private static func storeError(_ error: any Error) -> StoreError {
        (error as? StoreError) ?? StoreError(.unusable, "the store cannot be used: \(reason(of: error))")
    }
}
