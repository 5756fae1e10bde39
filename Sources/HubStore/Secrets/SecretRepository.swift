import GRDB
public import HubCore

/// The door to the table `secrets`: values that the hub keeps for the operator, sealed.
public struct SecretRepository: Sendable {
    /// What is known of a secret without opening it.
    public struct Entry: Sendable, Hashable {
        /// The name, as `store:NAME` writes it.
        public let name: String
        /// The id of the master key that it is sealed under.
        public let keyID: String
        /// When it was first set, in seconds since 1970.
        public let createdAt: Int64
        /// When it was last set, in seconds since 1970.
        public let changedAt: Int64
    }

    /// The largest value, in bytes.
    public static let maximumBytes = 64 << 10
    /// The longest name, in bytes.
    public static let maximumNameBytes = 63
    /// What the values of `hubd secrets set` are for.
    static let purpose = "reference"

    let database: HubDatabase

    /// The secrets of a store.
    public init(_ database: HubDatabase) {
        self.database = database
    }

    /// Sets a secret, in the place of an earlier value. It is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - name: of at most 63 bytes.
    ///   - value: of 1 byte to 64 KiB.
    ///   - keys: the current one seals.
    ///   - now: seconds since 1970.
    /// - Throws: `StoreError`; `wrongKey` where the store is, by now, sealed under another key.
    public func set(_ name: String, to value: Secret, keys: MasterKeyRing, now: Int64) throws(StoreError) {
        guard (1...Self.maximumNameBytes).contains(name.utf8.count) else {
            throw StoreError(.invalid, "the name of a secret has 1 to \(Self.maximumNameBytes) bytes")
        }
        guard (1...Self.maximumBytes).contains(value.revealed.utf8.count) else {
            throw StoreError(.invalid, "the value of a secret has 1 to \(Self.maximumBytes) bytes")
        }
        try database.change { database in
            let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM secrets") == 0
            let inForce = try MasterKeyRow.read(database)
            if let inForce, inForce != keys.current.id, !isEmpty {
                throw StoreError.wrongKey("the store is", sealedUnder: inForce, keys)
            }
            if inForce != keys.current.id { try MasterKeyRow.write(keys.current.id, database) }
            let createdAt = try SealedSecret.find(name, in: database)?.createdAt ?? now
            try SealedSecret(
                sealing: value, name: name, purpose: Self.purpose, under: keys.current, createdAt: createdAt, changedAt: now
            ).store(in: database)
        }
    }

    /// Reads a secret.
    public func read(_ name: String, keys: MasterKeyRing) throws(StoreError) -> Secret {
        guard let row = try database.look({ try SealedSecret.find(name, in: $0) }) else { throw .noSecret(name) }
        guard row.purpose == Self.purpose else { throw .noSecret(name) }
        return try row.open(with: keys)
    }

    /// All secrets by name, without their values.
    public func list() throws(StoreError) -> [Entry] {
        try database.look { database in
            try Row.fetchAll(database, sql: "SELECT name, key_id, created_at, changed_at FROM secrets ORDER BY name").map { row in
                Entry(name: row["name"], keyID: row["key_id"], createdAt: row["created_at"], changedAt: row["changed_at"])
            }
        }
    }

    /// Removes a secret.
    public func remove(_ name: String) throws(StoreError) {
        try database.change { database in
            try database.execute(sql: "DELETE FROM secrets WHERE name = ?", arguments: [name])
            guard database.changesCount > 0 else {
                throw StoreError(.missing, "the store has no secret \(name); hubd secrets list names those it has")
            }
        }
        database.emptyLog()
    }
}

extension StoreError {
    fileprivate static func noSecret(_ name: String) -> StoreError {
        StoreError(.missing, "the store has no secret \(name); set it with hubd secrets set \(name)")
    }
}
