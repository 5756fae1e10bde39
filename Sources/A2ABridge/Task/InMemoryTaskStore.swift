import HubCore
import NIOConcurrencyHelpers
public import NIOCore

/// Keeps tasks for as long as the process lives, and no more of them than its bounds allow: the one that changed least recently is forgotten first,
/// of an owner with too many one of its own.
public final class InMemoryTaskStore: AgentTaskStore {
    /// How much is kept.
    public struct Bounds: Sendable, Hashable {
        /// The most tasks.
        public var tasks = 10_000
        /// The most tasks of one owner.
        public var tasksOfOwner = 2_000
        /// The most bytes of all logs.
        public var bytes = 256 << 20
        /// The most webhooks of one task.
        public var pushesOfTask = 16

        /// The usual bounds.
        public init() {}
    }

    private struct Kept {
        var record: TaskRecord
        var entries: [ByteBuffer] = []
        var bytes = 0
        var pushes: [TaskWebhook] = []
    }

    private struct State {
        var tasks: [String: Kept] = [:]
        var ofOwner: [TaskOwner: Set<String>] = [:]
        var bytes = 0

        /// What is kept of a task, if it is that owner's at that agent.
        subscript(_ task: TaskRecord) -> Kept? {
            tasks[task.id].flatMap { $0.record.owner == task.owner && $0.record.agent == task.agent ? $0 : nil }
        }

        mutating func forget(_ id: String) {
            guard let kept = tasks.removeValue(forKey: id) else { return }
            bytes -= kept.bytes
            ofOwner[kept.record.owner]?.remove(id)
            if ofOwner[kept.record.owner]?.isEmpty == true { ofOwner[kept.record.owner] = nil }
        }

        mutating func forgetOldest(among ids: some Sequence<String>, but newest: String) -> Bool {
            var oldest: TaskCursor?
            for id in ids where id != newest {
                guard let cursor = tasks[id]?.record.cursor else { continue }
                oldest = oldest.map { min($0, cursor) } ?? cursor
            }
            if let oldest { forget(oldest.id) }
            return oldest != nil
        }
    }

    private let bounds: Bounds
    private let state = NIOLockedValueBox(State())

    /// An empty store.
    public init(bounds: Bounds = Bounds()) { self.bounds = bounds }

    /// Adds to a log.
    public func append(_ entries: [ByteBuffer], at position: Int, to task: TaskRecord) async throws {
        try state.withLockedValue { state in
            var kept = state.tasks[task.id] ?? Kept(record: task)
            guard kept.entries.count == position, kept.record.owner == task.owner, kept.record.agent == task.agent else {
                throw HubError(.invalidRequest, "The task is kept no longer")
            }
            let added = entries.reduce(0) { $0 + $1.readableBytes }
            kept.record = task
            kept.entries += entries
            kept.bytes += added
            state.bytes += added
            state.tasks[task.id] = kept
            state.ofOwner[task.owner, default: []].insert(task.id)
            while state.ofOwner[task.owner].map({ $0.count > bounds.tasksOfOwner }) == true {
                guard state.forgetOldest(among: state.ofOwner[task.owner] ?? [], but: task.id) else { break }
            }
            while state.tasks.count > bounds.tasks || state.bytes > bounds.bytes {
                guard state.forgetOldest(among: state.tasks.keys, but: task.id) else { break }
            }
        }
    }

    /// The log of a task.
    public func read(_ id: String, agent: String, owner: TaskOwner) async throws -> (record: TaskRecord, entries: [ByteBuffer])? {
        state.withLockedValue { state in
            guard let kept = state.tasks[id], kept.record.agent == agent, kept.record.owner == owner else { return nil }
            return (kept.record, kept.entries)
        }
    }

    /// Some of the tasks that are wanted.
    public func list(_ selection: TaskSelection, after cursor: TaskCursor?, limit: Int) async throws -> (tasks: [TaskRecord], total: Int) {
        let all = state.withLockedValue { state in
            (state.ofOwner[selection.owner] ?? []).compactMap { state.tasks[$0]?.record }
        }
        let wanted = all.filter(selection.includes).sorted { $0.cursor > $1.cursor }
        let rest = wanted.drop { task in cursor.map { task.cursor >= $0 } ?? false }
        return (Array(rest.prefix(max(0, limit))), wanted.count)
    }

    /// Tasks that somebody was at work on.
    public func unfinished(after id: String?, limit: Int) async throws -> [TaskRecord] {
        records(after: id, limit: limit) { $0.record.isAtWork }
    }

    /// Keeps a webhook.
    public func keepPush(_ webhook: TaskWebhook, of task: TaskRecord) async throws {
        try state.withLockedValue { state in
            guard var pushes = state[task]?.pushes else { throw HubError(.invalidRequest, "The task is kept no longer") }
            pushes.removeAll { $0.id == webhook.id }
            guard pushes.count < bounds.pushesOfTask else { throw HubError(.tooLarge, "The task has too many webhooks") }
            state.tasks[task.id]?.pushes = pushes + [webhook]
        }
    }

    /// The webhooks of a task.
    public func pushes(of task: TaskRecord) async throws -> [TaskWebhook] { state.withLockedValue { $0[task]?.pushes ?? [] } }

    /// Keeps to where a webhook has come.
    public func movePush(_ id: String, to position: Int, of task: TaskRecord) async throws {
        state.withLockedValue { state in
            guard let index = state[task]?.pushes.firstIndex(where: { $0.id == id }) else { return }
            let before = state.tasks[task.id]?.pushes[index].position ?? position
            state.tasks[task.id]?.pushes[index].position = max(before, position)
        }
    }

    /// Forgets a webhook.
    public func forgetPush(_ id: String, of task: TaskRecord) async throws {
        state.withLockedValue { state in
            if state[task] != nil { state.tasks[task.id]?.pushes.removeAll { $0.id == id } }
        }
    }

    /// Tasks with webhooks that have not been told of all there is.
    public func untold(after id: String?, limit: Int) async throws -> [TaskRecord] {
        records(after: id, limit: limit) { kept in kept.pushes.contains { $0.position < kept.entries.count } }
    }

    private func records(after id: String?, limit: Int, _ isWanted: (Kept) -> Bool) -> [TaskRecord] {
        let all = state.withLockedValue { $0.tasks.values.filter(isWanted).map(\.record) }
        return Array(all.filter { $0.id > id ?? "" }.sorted { $0.id < $1.id }.prefix(max(0, limit)))
    }
}
