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

    /// What values are for. Those of one purpose are not found under another, nor do they open as such.
    public struct Purpose: Sendable, Hashable {
        /// What is bound to each value.
        let name: String
        /// What stands before the names, so that no two purposes have one in common.
        let prefix: String
        /// How an operator puts right what is missing or damaged.
        let remedy: String

        /// What `store:NAME` refers to: set by operators.
        public static let reference = Purpose(name: "reference", prefix: "", remedy: "set it with hubd secrets set")
        /// What signing in at MCP servers left, by the names of the servers: for the hub alone.
        public static let signIn = Purpose(name: "sign-in", prefix: "signin:", remedy: "sign in with hubd signin")

        /// Webhooks of tasks: for the hub alone.
        static let webhook = Purpose(name: "webhook", prefix: "webhook:", remedy: "let its client make it anew:")

        /// The purpose of a row, by what is bound to it.
        static func named(_ name: String) -> Purpose { [signIn, webhook].first { $0.name == name } ?? reference }
    }

    /// The largest value, in bytes.
    public static let maximumBytes = 64 << 10
    /// The longest name, in bytes.
    public static let maximumNameBytes = 63

    let database: HubDatabase
    let purpose: Purpose

    /// The secrets of a store that are for one purpose.
    public init(_ database: HubDatabase, purpose: Purpose = .reference) {
        self.database = database
        self.purpose = purpose
    }

    /// Those of the same store for another purpose.
    func others(_ purpose: Purpose) -> SecretRepository { SecretRepository(database, purpose: purpose) }

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
        let row = purpose.prefix + name
        try database.change { database in
            let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM secrets") == 0
            let inForce = try MasterKeyRow.read(database)
            if let inForce, inForce != keys.current.id, !isEmpty {
                throw StoreError.wrongKey("the store is", sealedUnder: inForce, keys)
            }
            if inForce != keys.current.id { try MasterKeyRow.write(keys.current.id, database) }
            let createdAt = try SealedSecret.find(row, in: database)?.createdAt ?? now
            try SealedSecret(
                sealing: value, name: row, purpose: purpose.name, under: keys.current, createdAt: createdAt, changedAt: now
            ).store(in: database)
        }
    }

    /// Reads a secret.
    public func read(_ name: String, keys: MasterKeyRing) throws(StoreError) -> Secret {
        guard let row = try database.look({ try SealedSecret.find(purpose.prefix + name, in: $0) }), row.purpose == purpose.name else {
            throw .noSecret(name, purpose)
        }
        return try row.open(with: keys)
    }

    /// All secrets by name, without their values.
    public func list() throws(StoreError) -> [Entry] {
        try database.look { database in
            try Row.fetchAll(
                database, sql: "SELECT name, key_id, created_at, changed_at FROM secrets WHERE purpose = ? ORDER BY name",
                arguments: [purpose.name]
            ).map { row in
                let name: String = try row.checked("name")
                return Entry(
                    name: String(name.dropFirst(purpose.prefix.count)), keyID: try row.checked("key_id"),
                    createdAt: try row.checked("created_at"), changedAt: try row.checked("changed_at"))
            }
        }
    }

    /// Removes a secret.
    public func remove(_ name: String) throws(StoreError) {
        try database.change { database in
            try database.execute(
                sql: "DELETE FROM secrets WHERE name = ? AND purpose = ?", arguments: [purpose.prefix + name, purpose.name])
            guard database.changesCount > 0 else {
                throw StoreError(.missing, "the store has no secret \(name); hubd secrets list names those it has")
            }
        }
        database.emptyLog()
    }
}

extension StoreError {
    fileprivate static func noSecret(_ name: String, _ purpose: SecretRepository.Purpose) -> StoreError {
        StoreError(.missing, "the store has no secret \(name); \(purpose.remedy) \(name)")
    }
}
