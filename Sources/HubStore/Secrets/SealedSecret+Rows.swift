import FoundationEssentials
import GRDB

extension SealedSecret {
    /// The row of a name.
    static func find(_ name: String, in database: Database) throws -> SealedSecret? {
        try Row.fetchOne(database, sql: "SELECT * FROM secrets WHERE name = ?", arguments: [name]).map { try SealedSecret($0) }
    }

    /// Rows that are sealed under another key than this one.
    static func notUnder(_ keyID: String, limit: Int, in database: Database) throws -> [SealedSecret] {
        try Row.fetchAll(database, sql: "SELECT * FROM secrets WHERE key_id <> ? ORDER BY name LIMIT ?", arguments: [keyID, limit])
            .map { try SealedSecret($0) }
    }

    /// Writes the row in the place of an earlier one of its name.
    func store(in database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO secrets (name, purpose, format, key_id, sealed_key, sealed_value, created_at, changed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [name, purpose, format, keyID, Data(sealedKey), Data(sealedValue), createdAt, changedAt])
    }

    private init(_ row: Row) throws {
        let key: Data = try row.checked("sealed_key")
        let value: Data = try row.checked("sealed_value")
        self.init(
            name: try row.checked("name"), purpose: try row.checked("purpose"), format: try row.checked("format"),
            keyID: try row.checked("key_id"), sealedKey: Array(key), sealedValue: Array(value), createdAt: try row.checked("created_at"),
            changedAt: try row.checked("changed_at"))
    }
}

/// The one row of `master_key`.
enum MasterKeyRow {
    /// The id of the key that new values are sealed under; nil in a store without secrets yet.
    static func read(_ database: Database) throws -> String? { try String.fetchOne(database, sql: "SELECT key_id FROM master_key") }

    /// Puts a key in force.
    static func write(_ id: String, _ database: Database) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO master_key (singleton, key_id) VALUES (1, ?)", arguments: [id])
    }
}
