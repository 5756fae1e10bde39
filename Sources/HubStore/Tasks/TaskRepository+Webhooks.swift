import Crypto
import GRDB
import HubCore
import NIOCore

extension TaskRepository {
    /// Keeps a webhook of a task, or another in its place. It is sealed among the secrets, under a name that tells nothing of it.
    ///
    /// - Parameters:
    ///   - webhook: what is kept.
    ///   - task: the task.
    ///   - now: in seconds since 1970.
    /// - Throws: `StoreError`: `conflict` where the task is kept no longer, `invalid` where it has too many or this one is too large; what is
    ///   wrong with the master key.
    public func keep(_ webhook: StoredWebhook, of task: StoredTask, now: Int64) async throws(StoreError) {
        guard (1...Self.maximumIDBytes).contains(webhook.id.utf8.count), webhook.position >= 0,
            (1...SecretRepository.maximumBytes).contains(webhook.configuration.readableBytes),
            let text = String(validating: webhook.configuration.readableBytesView, as: UTF8.self)
        else { throw StoreError(.invalid, "a webhook has an id of 1 to \(Self.maximumIDBytes) bytes and is not too large") }
        let (name, limit) = (Self.secretName(webhook.id, of: task), bounds.webhooksOfTask)
        // The row first: what has a row is removed with its task, so that no secret is left behind.
        try await change(task, mustBeThere: true) { number, database in
            let count = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM task_webhooks WHERE task = ? AND id <> ?", arguments: [number, webhook.id])
            guard (count ?? 0) < limit else { throw StoreError(.invalid, "the task has too many webhooks") }
            try database.execute(
                sql: """
                    INSERT INTO task_webhooks (task, made, id, secret, position)
                    VALUES (?1, (SELECT coalesce(max(made), 0) + 1 FROM task_webhooks WHERE task = ?1), ?2, ?3, ?4)
                    ON CONFLICT (task, id) DO UPDATE SET made = excluded.made, position = excluded.position
                    """, arguments: [number, webhook.id, name, webhook.position])
        }
        do throws(SecretError) {
            try await secrets.set(name, to: Secret(text), for: .webhook, now: now)
        } catch {
            // The caller is told of the first failure; a row without its secret counts for nothing.
            try? await forgetWebhook(webhook.id, of: task)
            throw StoreError(.unusable, "the webhook cannot be sealed: \(error)")
        }
    }

    /// The webhooks of a task in the order in which they were made.
    public func webhooks(of task: StoredTask) async throws(StoreError) -> [StoredWebhook] {
        let rows = try await webhookRows(of: task)
        var webhooks: [StoredWebhook] = []
        for row in rows {
            do throws(SecretError) {
                let text = try await secrets.read(row.secret, for: .webhook).revealed
                webhooks.append(StoredWebhook(id: row.id, configuration: ByteBuffer(string: text), position: row.position))
            } catch {
                // Being made, or cut off while it was.
                guard error.kind == .missing else { throw StoreError(.damaged, "a webhook cannot be opened: \(error)") }
            }
        }
        return webhooks
    }

    /// Keeps to where a webhook has come, never back; does nothing where there is none.
    ///
    /// - Parameters:
    ///   - id: the webhook.
    ///   - position: of the first entry that it has not been told of.
    ///   - task: the task that it is told of.
    public func moveWebhook(_ id: String, to position: Int, of task: StoredTask) async throws(StoreError) {
        try await change(task) { number, database in
            try database.cachedStatement(sql: "UPDATE task_webhooks SET position = max(position, ?) WHERE task = ? AND id = ?")
                .execute(arguments: [position, number, id])
        }
    }

    /// Forgets a webhook; does nothing where there is none.
    public func forgetWebhook(_ id: String, of task: StoredTask) async throws(StoreError) {
        let name = Self.secretName(id, of: task)
        try await change(task) { number, database in
            try database.execute(
                sql: "DELETE FROM secrets WHERE name = ?", arguments: [SecretRepository.Purpose.webhook.prefix + name])
            try database.execute(sql: "DELETE FROM task_webhooks WHERE task = ? AND id = ?", arguments: [number, id])
        }
    }

    /// Tasks with webhooks that have not been told of all that happened, by their ids.
    ///
    /// - Parameters:
    ///   - id: the last one of the page before; nil begins.
    ///   - limit: the most that are wanted.
    @concurrent
    public func untold(after id: String? = nil, limit: Int) async throws(StoreError) -> [StoredTask] {
        try database.look { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(TaskRows.columns) FROM tasks WHERE id > ? AND number IN (
                        SELECT task FROM task_webhooks CROSS JOIN tasks AS told ON told.number = task WHERE position < told.entries)
                    ORDER BY id LIMIT ?
                    """, arguments: [id ?? "", max(0, limit)]
            ).map { try TaskRows.Kept($0).task }
        }
    }

    // MARK: Rows

    private struct WebhookRow: Sendable {
        var id: String
        var secret: String
        var position: Int
    }

    @concurrent
    private func webhookRows(of task: StoredTask) async throws(StoreError) -> [WebhookRow] {
        try database.look { database in
            guard let kept = try TaskRows.find(task.id, agent: task.agent, owner: task.owner, in: database) else { return [] }
            return try Row.fetchAll(
                database, sql: "SELECT id, secret, position FROM task_webhooks WHERE task = ? ORDER BY made", arguments: [kept.number]
            ).map { row in
                WebhookRow(id: try row.checked("id"), secret: try row.checked("secret"), position: try row.checked("position"))
            }
        }
    }

    private func change(
        _ task: StoredTask, mustBeThere: Bool = false, _ body: @escaping @Sendable (Int64, Database) throws -> Void
    ) async throws(StoreError) {
        try await writer.make(
            TaskWriter.Change { database in
                if let kept = try TaskRows.find(task.id, agent: task.agent, owner: task.owner, in: database) {
                    try body(kept.number, database)
                } else if mustBeThere {
                    throw StoreError.otherLog
                }
                return TaskHoldings.Growth(owner: task.owner)
            })
    }

    /// The name of its secret: 32 hexadecimal digits of a digest of both ids.
    private static func secretName(_ id: String, of task: StoredTask) -> String {
        SHA256.hash(data: Array("\(task.id)\0\(id)".utf8)).prefix(16).reduce(into: "") { text, byte in
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
