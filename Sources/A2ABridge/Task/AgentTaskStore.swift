public import NIOCore

/// What a store keeps of a task beside its log: what it is found by.
public struct TaskRecord: Sendable, Hashable {
    /// The agent that does it, a name of the configuration.
    public var agent: String
    /// Whose it is.
    public var owner: TaskOwner
    /// The task, a UUID.
    public var id: String
    /// The conversation it belongs to; may be the client's word.
    public var contextID: String
    /// The number of its state in the protocol buffers of A2A.
    public var state: Int
    /// When it came to that state, in milliseconds since 1970.
    public var changed: Int64

    /// A record.
    public init(agent: String, owner: TaskOwner, id: String, contextID: String, state: Int, changed: Int64) {
        self.agent = agent
        self.owner = owner
        self.id = id
        self.contextID = contextID
        self.state = state
        self.changed = changed
    }
}

/// A place in a list of tasks, which is ordered by the time of the last change and then by id, the newest first.
public struct TaskCursor: Sendable, Hashable, Comparable {
    /// When the task changed, in milliseconds since 1970.
    public var changed: Int64
    /// The task.
    public var id: String

    /// A place.
    public init(changed: Int64, id: String) { (self.changed, self.id) = (changed, id) }

    /// By time, then by id.
    public static func < (a: TaskCursor, b: TaskCursor) -> Bool { (a.changed, a.id) < (b.changed, b.id) }
}

extension TaskRecord {
    /// Where it stands in a list.
    public var cursor: TaskCursor { TaskCursor(changed: changed, id: id) }
    /// Whether somebody is at work on it: it has not ended, nor waits for its client.
    public var isAtWork: Bool {
        let state = TaskState(rawValue: state) ?? .unspecified
        return !state.isTerminal && !state.isInterrupted
    }
}

/// Where the client of a task wants to hear of it.
public struct TaskWebhook: Sendable, Hashable {
    /// Unique within the task.
    public var id: String
    /// What it is, as JSON; has secrets in it.
    public var configuration: ByteBuffer
    /// The first entry of the log that it has not been told of.
    public var position: Int

    /// A webhook.
    public init(id: String, configuration: ByteBuffer, position: Int) {
        self.id = id
        self.configuration = configuration
        self.position = position
    }
}

/// Which tasks are wanted of a store.
public struct TaskSelection: Sendable, Hashable {
    /// Those of an agent.
    public var agent: String
    /// Those of an owner.
    public var owner: TaskOwner
    /// Those of a conversation; nil: of any.
    public var contextID: String?
    /// Those in a state; nil: in any.
    public var state: Int?
    /// Those that changed then or later, in milliseconds since 1970; nil: whenever.
    public var changedSince: Int64?

    /// All of an owner's.
    public init(agent: String, owner: TaskOwner) { (self.agent, self.owner) = (agent, owner) }

    /// Whether a task is among them.
    public func includes(_ task: TaskRecord) -> Bool {
        task.agent == agent && task.owner == owner && (contextID == nil || contextID == task.contextID)
            && (state == nil || state == task.state)
            && (changedSince.map { task.changed >= $0 } ?? true)
    }
}

/// Keeps the logs of tasks, and the webhooks of their clients. What callers are told of a task has been stored before.
///
/// Entries of a log are texts of JSON that the store does not look into; a record says what tasks are found by. Calls for different tasks come
/// at once and may be committed together; those for one task come one after another. A call is not given up when its caller's task is
/// cancelled: what was begun is stored.
public protocol AgentTaskStore: Sendable {
    /// Adds to the log of a task, and keeps its record. Comes back when both are stored.
    ///
    /// - Parameters:
    ///   - entries: what is added, in order.
    ///   - task: what the task is found by from now on.
    ///   - position: how many entries the log has before; 0 makes the task.
    /// - Throws: `HubError` where the log does not end there (a task that was forgotten), or nothing can be stored.
    func append(_ entries: [ByteBuffer], at position: Int, to task: TaskRecord) async throws
    /// The log of a task with its record; nil where there is none of this owner at this agent.
    func read(_ id: String, agent: String, owner: TaskOwner) async throws -> (record: TaskRecord, entries: [ByteBuffer])?
    /// Some of the tasks that are wanted, the newest first.
    ///
    /// - Parameters:
    ///   - selection: which are wanted.
    ///   - cursor: the last one of the page before; nil begins.
    ///   - limit: the most that are wanted.
    /// - Returns: those, and how many there are on all pages.
    func list(_ selection: TaskSelection, after cursor: TaskCursor?, limit: Int) async throws -> (tasks: [TaskRecord], total: Int)
    /// Tasks that somebody was at work on when they were last stored, by their ids: after a start, those whose work was cut off.
    ///
    /// - Parameters:
    ///   - id: the last one of the page before; nil begins.
    ///   - limit: the most that are wanted.
    func unfinished(after id: String?, limit: Int) async throws -> [TaskRecord]
    /// Keeps a webhook of a task, or another in its place. It has secrets in it: a store on disk seals it.
    ///
    /// - Throws: `HubError` with `.tooLarge` where the task has too many.
    func keepPush(_ webhook: TaskWebhook, of task: TaskRecord) async throws
    /// The webhooks of a task, in the order in which they were made.
    func pushes(of task: TaskRecord) async throws -> [TaskWebhook]
    /// Keeps to where a webhook has come, never back; does nothing where there is none.
    ///
    /// - Parameters:
    ///   - id: the webhook.
    ///   - position: of the first entry that it has not been told of.
    ///   - task: the task that it is told of.
    func movePush(_ id: String, to position: Int, of task: TaskRecord) async throws
    /// Forgets a webhook; does nothing where there is none.
    func forgetPush(_ id: String, of task: TaskRecord) async throws
    /// Tasks with webhooks that have not been told of all there is, by their ids.
    ///
    /// - Parameters:
    ///   - id: the last one of the page before; nil begins.
    ///   - limit: the most that are wanted.
    func untold(after id: String?, limit: Int) async throws -> [TaskRecord]
}
