import GRDB

/// The hub's own store: one SQLite file in the data folder. One writer, readers that see snapshots; what was acknowledged is on the disk.
///
/// A process opens a store once and keeps it for as long as it runs; commands open it beside a running hub. The file, its log and its index
/// are for their owner alone.
public final class HubDatabase: Sendable {
    /// Says in the file's header whose it is (SQLite's `application_id`): "hubd" in ASCII.
    static let applicationID: Int32 = 0x6875_6264
    /// How long a write waits for that of another process.
    static let busyLimit = 5.0

    let pool: DatabasePool
    /// A connection that never writes: to it, every commit is somebody else's, so that its `data_version` moves with each.
    private let watcher: DatabaseQueue

    /// Opens the store, making it where it is missing.
    ///
    /// - Parameter path: of the file; its folder must be there, and be the owner's alone.
    /// - Throws: `StoreError` where the file cannot be opened, is no store, or was written by a newer version.
    public init(path: String) throws(StoreError) {
        try StoreFiles.prepare(path)
        do {
            watcher = try DatabaseQueue(path: path, configuration: Self.configuration())
            try watcher.unsafeRead { try Self.check($0, path: path) }
            pool = try DatabasePool(path: path, configuration: Self.configuration())
            try pool.writeWithoutTransaction { database in
                // Here and not in the configuration: opening a pool sets NORMAL, with which a power cut may lose an acknowledged commit.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            try pool.write { database in
                try Self.check(database, path: path)  // another process may have been here meanwhile
                try Schema.migrate(database)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unusable, "the store \(path) cannot be opened: \(Self.reason(of: error))")
        }
    }

    /// A number that moves when any process has committed a change, this one included. It means nothing to another `HubDatabase`.
    ///
    /// It looks at memory that the processes share, so that it may be asked each second. It may also move without a change.
    public func version() throws -> Int {
        try watcher.unsafeRead { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyLimit)
        configuration.label = "hubd.store"
        configuration.prepareDatabase { database in
            // What is removed or replaced is overwritten: what was sealed under an earlier master key does not stay behind in free pages.
            try database.execute(sql: "PRAGMA secure_delete = ON")
        }
        return configuration
    }

    /// Refuses what another program or a newer version wrote, before anything is changed.
    static func check(_ database: Database, path: String) throws {
        // In this order: another process makes tables and id in one commit, so that whoever finds the tables finds the id as well.
        let isEmpty = try isEmpty(database)
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard application == applicationID || (application == 0 && isEmpty) else {
            throw StoreError(.foreign, "\(path) is the database of another program; name another data folder with --data")
        }
        let version = try Schema.version(of: database)
        guard version <= Schema.current else {
            throw StoreError(
                .newer,
                "the store \(path) was written by a newer version of hubd (schema \(version), this version knows \(Schema.current)); "
                    + "use that version, or name another data folder with --data")
        }
    }

    private static func isEmpty(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
    }

    /// SQLite's own words; never a value that a statement was given.
    static func reason(of error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "it is not readable" }
        return error.message ?? "SQLite says \(error.resultCode.rawValue)"
    }
}
