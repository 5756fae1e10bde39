import GRDB
import HubCore

extension SecretRepository {
    /// How many secrets one transaction moves: other writers wait no longer than for these.
    static let rotationBatch = 32

    /// Moves every secret under the current key of `keys`, in small transactions, and lets new values be sealed under that key alone.
    ///
    /// 1. The current key is put in force: whoever still seals under another one is refused from then on, so that nothing comes in behind.
    /// 2. Secrets under other keys are opened and sealed anew, under new data keys. Each is under the one key or the other at any moment.
    /// 3. When none is left, `finish` runs inside a transaction of its own; other writers wait for it.
    ///
    /// Cut off anywhere, the store is whole as long as both keys are kept, and another call goes on with the rest.
    ///
    /// - Parameters:
    ///   - keys: the current key, and those that secrets may still be under.
    ///   - progress: is told how many have been moved, after each transaction.
    ///   - finish: gives up the earlier keys.
    /// - Returns: how many were moved.
    @discardableResult
    public func rotate(
        to keys: MasterKeyRing, progress: (Int) throws -> Void = { _ in }, finish: () throws -> Void = {}
    ) throws(StoreError) -> Int {
        try database.change { try MasterKeyRow.write(keys.current.id, $0) }
        var moved = 0
        while true {
            let count = try database.change { try move($0, to: keys) }
            guard count > 0 else { break }
            moved += count
            do { try progress(moved) } catch { throw StoreError(.unusable, "\(error)") }
        }
        try database.change { database in
            let left = try Int.fetchOne(database, sql: "SELECT count(*) FROM secrets WHERE key_id <> ?", arguments: [keys.current.id])
            guard left == 0, try MasterKeyRow.read(database) == keys.current.id else {
                throw StoreError(.wrongKey, "another rotation has begun meanwhile; start this one again")
            }
            try finish()
        }
        database.emptyLog()
        return moved
    }

    /// Moves one batch; how many it had.
    private func move(_ database: Database, to keys: MasterKeyRing) throws -> Int {
        let rows = try SealedSecret.notUnder(keys.current.id, limit: Self.rotationBatch, in: database)
        for row in rows {
            try SealedSecret(
                sealing: row.open(with: keys), name: row.name, purpose: row.purpose, under: keys.current, createdAt: row.createdAt,
                changedAt: row.changedAt
            ).store(in: database)
        }
        return rows.count
    }
}
