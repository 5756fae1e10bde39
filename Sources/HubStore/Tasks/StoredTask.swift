public import NIOCore

/// A digest that says whose a task is, and tells nothing of who that is.
public struct StoredOwner: Sendable, Hashable {
    // In halves: Swift 6.3 loses its way in an async function that is given a `UInt128` and has arguments on the stack.
    private let high: UInt64
    private let low: UInt64

    /// An owner.
    public init(_ digest: UInt128) { (high, low) = (UInt64(truncatingIfNeeded: digest >> 64), UInt64(truncatingIfNeeded: digest)) }

    /// The digest.
    public var digest: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

/// What a task of an agent is found by. Its log is a list of entries beside it.
public struct StoredTask: Sendable, Hashable {
    /// The agent that does it, a name of the configuration.
    public var agent: String
    /// Whose it is.
    public var owner: StoredOwner
    /// The task, unique in the store; at most 256 bytes.
    public var id: String
    /// The conversation it belongs to; at most 1 KiB.
    public var contextID: String
    /// The number of its state.
    public var state: Int
    /// Whether somebody was at work on it when this was stored.
    public var isAtWork: Bool
    /// When it came to that state, in milliseconds since 1970.
    public var changed: Int64

    /// A task.
    public init(agent: String, owner: StoredOwner, id: String, contextID: String, state: Int, isAtWork: Bool, changed: Int64) {
        self.agent = agent
        self.owner = owner
        self.id = id
        self.contextID = contextID
        self.state = state
        self.isAtWork = isAtWork
        self.changed = changed
    }
}

/// A task with its log.
public struct StoredTaskLog: Sendable, Hashable {
    /// The task.
    public var task: StoredTask
    /// What was added to it, in order.
    public var entries: [ByteBuffer]
}

/// A place in a list of tasks, which is ordered by the time of the last change and then by id, the newest first.
public struct StoredTaskCursor: Sendable, Hashable {
    /// When the task changed, in milliseconds since 1970.
    public var changed: Int64
    /// The task.
    public var id: String

    /// A place.
    public init(changed: Int64, id: String) { (self.changed, self.id) = (changed, id) }
}

/// Which tasks are wanted.
public struct StoredTaskSelection: Sendable, Hashable {
    /// Those of an agent.
    public var agent: String
    /// Those of an owner.
    public var owner: StoredOwner
    /// Those of a conversation; nil: of any.
    public var contextID: String?
    /// Those in a state; nil: in any.
    public var state: Int?
    /// Those that changed then or later, in milliseconds since 1970; nil: whenever.
    public var changedSince: Int64?

    /// All of an owner's at an agent.
    public init(agent: String, owner: StoredOwner) { (self.agent, self.owner) = (agent, owner) }
}

/// Where somebody wants to hear of a task.
public struct StoredWebhook: Sendable, Hashable {
    /// Unique within the task; at most 256 bytes.
    public var id: String
    /// What it is; has secrets in it, and is sealed. At most 64 KiB of UTF-8.
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
