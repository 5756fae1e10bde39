import A2ABridge
import HubCore
import HubStore
import NIOCore

/// The tasks of agents in the hub's store.
struct StoredAgentTasks: AgentTaskStore {
    private let open: @Sendable () throws(StoreError) -> TaskRepository
    private let secondsSince1970: @Sendable () -> Int64

    /// - Parameters:
    ///   - open: gives those of the store, opened when they are first needed.
    ///   - secondsSince1970: the wall clock.
    init(_ open: @escaping @Sendable () throws(StoreError) -> TaskRepository, secondsSince1970: @escaping @Sendable () -> Int64) {
        (self.open, self.secondsSince1970) = (open, secondsSince1970)
    }

    func append(_ entries: [ByteBuffer], at position: Int, to task: TaskRecord) async throws {
        do throws(StoreError) {
            try await open().append(entries, at: position, to: StoredTask(task))
        } catch {
            throw HubError(error)
        }
    }

    func read(_ id: String, agent: String, owner: TaskOwner) async throws -> (record: TaskRecord, entries: [ByteBuffer])? {
        guard let kept = try await open().read(id, agent: agent, owner: StoredOwner(owner.digest)) else { return nil }
        return (TaskRecord(kept.task), kept.entries)
    }

    func list(_ selection: TaskSelection, after cursor: TaskCursor?, limit: Int) async throws -> (tasks: [TaskRecord], total: Int) {
        var wanted = StoredTaskSelection(agent: selection.agent, owner: StoredOwner(selection.owner.digest))
        (wanted.contextID, wanted.state, wanted.changedSince) = (selection.contextID, selection.state, selection.changedSince)
        let after = cursor.map { StoredTaskCursor(changed: $0.changed, id: $0.id) }
        let page = try await open().list(wanted, after: after, limit: limit)
        return (page.tasks.map { TaskRecord($0) }, page.total)
    }

    func unfinished(after id: String?, limit: Int) async throws -> [TaskRecord] {
        try await open().unfinished(after: id, limit: limit).map { TaskRecord($0) }
    }

    func keepPush(_ webhook: TaskWebhook, of task: TaskRecord) async throws {
        let kept = StoredWebhook(id: webhook.id, configuration: webhook.configuration, position: webhook.position)
        do throws(StoreError) {
            try await open().keep(kept, of: StoredTask(task), now: secondsSince1970())
        } catch {
            throw HubError(error)
        }
    }

    func pushes(of task: TaskRecord) async throws -> [TaskWebhook] {
        try await open().webhooks(of: StoredTask(task)).map {
            TaskWebhook(id: $0.id, configuration: $0.configuration, position: $0.position)
        }
    }

    func movePush(_ id: String, to position: Int, of task: TaskRecord) async throws {
        do throws(StoreError) {
            try await open().moveWebhook(id, to: position, of: StoredTask(task))
        } catch {
            throw HubError(error)
        }
    }

    func forgetPush(_ id: String, of task: TaskRecord) async throws {
        do throws(StoreError) {
            try await open().forgetWebhook(id, of: StoredTask(task))
        } catch {
            throw HubError(error)
        }
    }

    func untold(after id: String?, limit: Int) async throws -> [TaskRecord] {
        try await open().untold(after: id, limit: limit).map { TaskRecord($0) }
    }
}

extension StoredTask {
    fileprivate init(_ task: TaskRecord) {
        self.init(
            agent: task.agent, owner: StoredOwner(task.owner.digest), id: task.id, contextID: task.contextID, state: task.state,
            isAtWork: task.isAtWork, changed: task.changed)
    }
}

extension TaskRecord {
    fileprivate init(_ task: StoredTask) {
        self.init(
            agent: task.agent, owner: TaskOwner(digest: task.owner.digest), id: task.id, contextID: task.contextID, state: task.state,
            changed: task.changed)
    }
}

extension HubError {
    /// What a client is told of what the store does not take; why stands in the log.
    fileprivate init(_ error: StoreError) {
        switch error.kind {
        case .conflict, .missing: self.init(.invalidRequest, "The task is kept no longer", cause: error)
        case .invalid: self.init(.tooLarge, "The task has too many webhooks, or this is too large to be kept", cause: error)
        case .busy: self.init(.overloaded, "The hub has too much to store at present", cause: error)
        case .unusable, .foreign, .newer, .wrongKey, .damaged: self.init(.internal, "The hub failed to store it", cause: error)
        }
    }
}
