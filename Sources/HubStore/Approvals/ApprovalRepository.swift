import FoundationEssentials
import GRDB
import NIOCore

/// The door to the tables of approvals: which definitions of tools were seen, and what was decided about each.
public struct ApprovalRepository: Sendable {
    /// What is known of the tools of one server, without their definitions.
    public struct Standing: Sendable, Hashable {
        /// Whether its first list was taken, from where it is now.
        public var isPinned = false
        /// For each tool the definitions that were seen, by their digests.
        public var states: [String: [String: ToolApproval.State]] = [:]

        /// Nothing is known.
        public init() {}
    }

    /// The most definitions of one tool that are kept beside those which are in use: what was decided about more is forgotten, the oldest first.
    static let maximumRejected = 64
    /// The most events of definitions that were held of one server: a server that changes all the time fills nothing.
    static let maximumHeldEvents = 10_000

    let database: HubDatabase

    /// The approvals of a store.
    public init(_ database: HubDatabase) {
        self.database = database
    }

    // MARK: Reading

    /// What is known of the tools of servers, by the names of their entries.
    ///
    /// - Parameter places: for each server what stands for where it is.
    public func standings(of places: [String: String]) throws(StoreError) -> [String: Standing] {
        try database.look { database in
            var standings: [String: Standing] = [:]
            for (server, place) in places {
                var standing = Standing()
                standing.isPinned = try Self.isPinned(server, at: place, database)
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT tool, digest, state FROM tool_definitions WHERE server = ?", arguments: [server])
                while let row = try rows.next() {
                    standing.states[row["tool"], default: [:]][row["digest"]] = ToolApproval.State(rawValue: row["state"]) ?? .held
                }
                standings[server] = standing
            }
            return standings
        }
    }

    /// The definitions in any of these states, by server, tool and the time they were seen.
    ///
    /// - Parameters:
    ///   - states: which of them.
    ///   - server: nil: of all servers.
    public func list(_ states: Set<ToolApproval.State>, server: String? = nil) throws(StoreError) -> [ToolApproval] {
        try database.look { database in
            let wanted = Array(repeating: "?", count: states.count).joined(separator: ", ")
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM tool_definitions WHERE state IN (\(wanted)) AND server = coalesce(?, server)
                    ORDER BY server, tool, seen_at, id
                    """, arguments: StatementArguments(states.map(\.rawValue)) + [server]
            ).map { ToolApproval($0) }
        }
    }

    /// All definitions of one tool that are known, in the order in which they were seen.
    public func definitions(of tool: String, server: String) throws(StoreError) -> [ToolApproval] {
        try database.look { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM tool_definitions WHERE server = ? AND tool = ? ORDER BY seen_at, id",
                arguments: [server, tool]
            ).map { ToolApproval($0) }
        }
    }

    /// What happened to the definitions of a tool, the earliest first.
    public func events(of tool: String, server: String) throws(StoreError) -> [ApprovalEvent] {
        try database.look { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM approval_events WHERE server = ? AND tool = ? ORDER BY id", arguments: [server, tool]
            ).compactMap { row in
                guard let action = ApprovalEvent.Action(rawValue: row["action"]) else { return nil }
                return ApprovalEvent(
                    at: row["at"], server: row["server"], tool: row["tool"], digest: row["digest"], action: action, actor: row["actor"],
                    note: row["note"])
            }
        }
    }

    // MARK: Writing

    /// Takes up what a server lists now. It is on the disk when this returns.
    ///
    /// 1. A definition that is known already stays as it was decided.
    /// 2. Held definitions that are not listed any more go: of each tool at most one is held, the latest.
    ///
    /// - Parameters:
    ///   - fresh: definitions that are not known yet.
    ///   - listed: the digests of all that is listed.
    ///   - server: the server, by the name of its entry.
    ///   - place: what stands for where it is.
    ///   - now: seconds since 1970.
    public func take(_ fresh: [ToolApproval], listed: Set<String>, of server: String, at place: String, now: Int64) throws(StoreError) {
        try database.change { database in
            if !listed.isEmpty {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO pinned_servers (server, place, pinned_at) VALUES (?, ?, ?)",
                    arguments: [server, place, now])
            }
            let held = try Row.fetchAll(
                database, sql: "SELECT id, digest FROM tool_definitions WHERE server = ? AND state = 'held'", arguments: [server])
            for row in held where !listed.contains(row["digest"]) {
                let id: Int64 = row["id"]
                try database.execute(sql: "DELETE FROM tool_definitions WHERE id = ?", arguments: [id])
            }
            for approval in fresh {
                try approval.insert(into: database)
                let action: ApprovalEvent.Action = approval.state == .pinned ? .pinned : .held
                try Self.record(action, of: approval, by: "hub", note: approval.reason.rawValue, at: now, database)
            }
            try database.execute(
                sql: """
                    DELETE FROM approval_events WHERE server = ?1 AND action = 'held' AND id <= (
                        SELECT id FROM approval_events WHERE server = ?1 AND action = 'held' ORDER BY id DESC LIMIT 1 OFFSET ?2)
                    """, arguments: [server, Self.maximumHeldEvents])
        }
    }

    /// Decides about a definition. It is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - decision: `.approved` or `.rejected`.
    ///   - tool: the tool.
    ///   - server: the server that it is of.
    ///   - digest: of the definition; it must be known.
    ///   - actor: who decides.
    ///   - note: why, as far as it is said.
    ///   - now: seconds since 1970.
    public func decide(
        _ decision: ToolApproval.State, tool: String, server: String, digest: String, by actor: String, note: String, now: Int64
    ) throws(StoreError) {
        guard let action = ApprovalEvent.Action(rawValue: decision.rawValue), action == .approved || action == .rejected else {
            throw StoreError(.invalid, "a definition is approved or rejected")
        }
        try database.change { database in
            guard
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM tool_definitions WHERE server = ? AND tool = ? AND digest = ?",
                    arguments: [server, tool, digest])
            else {
                throw StoreError(
                    .missing, "\(server)/\(tool) has no definition \(digest) any more; look at what there is with hubd approvals list")
            }
            try database.execute(
                sql: "UPDATE tool_definitions SET state = ?, decided_at = ?, decided_by = ? WHERE server = ? AND tool = ? AND digest = ?",
                arguments: [decision.rawValue, now, actor, server, tool, digest])
            try Self.record(action, of: ToolApproval(row), by: actor, note: note, at: now, database)
            try database.execute(
                sql: """
                    DELETE FROM tool_definitions WHERE id IN (
                        SELECT id FROM tool_definitions WHERE server = ? AND tool = ? AND state = 'rejected'
                        ORDER BY decided_at DESC, id DESC LIMIT -1 OFFSET ?)
                    """, arguments: [server, tool, Self.maximumRejected])
        }
    }

    private static func isPinned(_ server: String, at place: String, _ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT 1 FROM pinned_servers WHERE server = ? AND place = ?", arguments: [server, place]) != nil
    }

    private static func record(
        _ action: ApprovalEvent.Action, of approval: ToolApproval, by actor: String, note: String, at now: Int64, _ database: Database
    ) throws {
        try database.execute(
            sql: "INSERT INTO approval_events (at, server, tool, digest, action, actor, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [now, approval.server, approval.tool, approval.digest, action.rawValue, actor, note])
    }
}

extension ToolApproval {
    fileprivate init(_ row: Row) {
        let definition: Data = row["definition"]
        let findings: Data = row["findings"]
        self.init(
            server: row["server"], tool: row["tool"], digest: row["digest"], state: State(rawValue: row["state"]) ?? .held,
            reason: Reason(rawValue: row["reason"]) ?? .none, definition: ByteBuffer(bytes: definition),
            findings: ByteBuffer(bytes: findings), seenAt: row["seen_at"])
        decidedAt = row["decided_at"]
        decidedBy = row["decided_by"]
    }

    fileprivate func insert(into database: Database) throws {
        // Another process may have seen it at the same time: what is known stays as it was decided.
        try database.execute(
            sql: """
                INSERT OR IGNORE INTO tool_definitions (server, tool, digest, state, reason, definition, findings, seen_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                server, tool, digest, state.rawValue, reason.rawValue, Data(definition.readableBytesView),
                Data(findings.readableBytesView), seenAt,
            ])
    }
}
