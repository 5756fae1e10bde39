import GRDB

/// The hub's own store: one SQLite file in the data folder. One writer, readers that see snapshots; what was acknowledged is on the disk.
public final class HubDatabase: Sendable {
    let pool: DatabasePool

    /// Opens the store, making it where it is missing.
    ///
    /// - Parameter path: of the file; its folder must be there, and be the owner's alone.
    /// - Throws: where the file cannot be opened, is no store, or was written by a newer version.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            // The pool's default is NORMAL, with which a power cut may lose an acknowledged commit.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
    }

    /// How far a change has come that any process made, this one included: another number after each commit.
    public func version() throws -> Int {
        try pool.read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }
}
