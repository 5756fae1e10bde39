/// How much is kept of tasks, and how much may wait to be written.
public struct TaskBounds: Sendable, Hashable {
    /// The most tasks; past it those go that changed least recently.
    public var tasks = 100_000
    /// The most tasks of one owner; past it those of the owner's go that changed least recently.
    public var tasksOfOwner = 2_000
    /// The most bytes of all logs; past it tasks go that changed least recently, but for the last one.
    public var bytes = 4 << 30
    /// How long a task is kept after its last change.
    public var age = Duration.seconds(30 * 86_400)
    /// The most webhooks of one task.
    public var webhooksOfTask = 16
    /// The most changes that wait for those before them.
    public var waitingChanges = 4_096
    /// The most bytes of them; one change by itself may have more.
    public var waitingBytes = 64 << 20

    /// The usual bounds.
    public init() {}
}

/// How much there is of tasks.
struct TaskHoldings: Sendable, Hashable {
    /// The most tasks that one owner should have.
    let tasksOfOwner: Int
    private(set) var tasks = 0
    private(set) var bytes = 0
    private(set) var ofOwner: [StoredOwner: Int] = [:]
    /// The owners who have more.
    private(set) var crowded: Set<StoredOwner> = []

    /// Nothing yet.
    init(_ bounds: TaskBounds) { tasksOfOwner = bounds.tasksOfOwner }

    /// What a change makes more, or less.
    struct Growth: Sendable, Hashable {
        var owner: StoredOwner
        var tasks = 0
        var bytes = 0
    }

    mutating func take(_ growth: Growth) {
        tasks += growth.tasks
        bytes += growth.bytes
        guard growth.tasks != 0 else { return }
        let count = ofOwner[growth.owner, default: 0] + growth.tasks
        ofOwner[growth.owner] = count > 0 ? count : nil
        if count > tasksOfOwner { crowded.insert(growth.owner) } else { crowded.remove(growth.owner) }
    }

    /// Whether all owners together have too much.
    func isOver(_ bounds: TaskBounds) -> Bool { tasks > 1 && (tasks > bounds.tasks || bytes > bounds.bytes) }
}
