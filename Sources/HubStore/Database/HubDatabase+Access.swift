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
