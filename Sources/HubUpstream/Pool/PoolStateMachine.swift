import NIOCore

/// Who gets which connection to one address on one event loop: what is kept, who waits, and how many are being opened.
///
/// No input or output, and nothing is known of connections and waiters but that they can be told apart: the pool feeds it and carries
/// out what it returns. Waiters are served in the order they came.
struct PoolStateMachine<Connection: Equatable, Waiter: Equatable> {
    /// What becomes of a request.
    enum Acquired {
        /// It has this connection.
        case connection(Connection)
        /// It waits; a connection is to be opened where `opens`.
        case waiting(opens: Bool)
        /// Too many wait.
        case refused
    }

    /// What becomes of a connection that is free.
    enum Freed {
        /// It goes to this waiter.
        case serve(Waiter)
        /// It is kept.
        case keep
        /// It is to be closed.
        case close
    }

    /// What time brought.
    struct Due {
        /// Who waited too long, and whether every connection was in use.
        var late: [Waiter] = []
        var isSaturated = false
        /// What was without work for too long, to be closed.
        var stale: [Connection] = []
    }

    private struct Idle {
        var connection: Connection
        var since: NIODeadline
    }

    private struct Waiting {
        var waiter: Waiter
        var deadline: NIODeadline
    }

    private let bounds: PoolBounds
    /// The one used last is at the end, and is used first: what is not needed grows old.
    private var idle: [Idle] = []
    private var waiting: CircularBuffer<Waiting> = []
    private var busy = 0
    private var opening = 0
    private var isClosing = false

    init(bounds: PoolBounds) {
        self.bounds = bounds
    }

    /// Whether there is nothing that time could change.
    var isEmpty: Bool { idle.isEmpty && !hasWork }
    /// Whether somebody waits or is being served.
    var hasWork: Bool { busy > 0 || opening > 0 || !waiting.isEmpty }

    private var total: Int { idle.count + busy + opening }

    /// Somebody needs a connection, until `deadline`.
    mutating func acquire(_ waiter: Waiter, deadline: NIODeadline) -> Acquired {
        if let kept = idle.popLast() {
            busy += 1
            return .connection(kept.connection)
        }
        guard waiting.count < bounds.waiters else { return .refused }
        waiting.append(Waiting(waiter: waiter, deadline: deadline))
        return .waiting(opens: opensAnother())
    }

    /// A connection has been opened.
    mutating func opened(_ connection: Connection, now: NIODeadline) -> Freed {
        opening -= 1
        return place(connection, now: now)
    }

    /// One could not be opened. One waiter, the first, is told, so that it can try elsewhere; `opens` where others still need one.
    mutating func openingFailed() -> (told: Waiter?, opens: Bool) {
        opening -= 1
        return (waiting.popFirst()?.waiter, opensAnother())
    }

    /// A connection has done its work and can be used again.
    mutating func released(_ connection: Connection, now: NIODeadline) -> Freed {
        busy -= 1
        return place(connection, now: now)
    }

    /// A connection in use is closed; gives whether another is to be opened for those who wait.
    mutating func closedBusy() -> Bool {
        busy -= 1
        return opensAnother()
    }

    /// A kept connection was closed by the other side; gives whether it was one.
    mutating func closedIdle(_ connection: Connection) -> Bool {
        guard let index = idle.firstIndex(where: { $0.connection == connection }) else { return false }
        idle.remove(at: index)
        return true
    }

    /// Gives up all that are kept: they are not to be trusted.
    mutating func takeIdle() -> [Connection] {
        defer { idle = [] }
        return idle.map(\.connection)
    }

    /// Somebody does not wait any longer; gives whether it did.
    mutating func leave(_ waiter: Waiter) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.waiter == waiter }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Time has passed.
    mutating func tick(now: NIODeadline) -> Due {
        var due = Due(isSaturated: busy >= bounds.connections)
        if waiting.contains(where: { $0.deadline <= now }) {
            due.late = waiting.filter { $0.deadline <= now }.map(\.waiter)
            waiting.removeAll { $0.deadline <= now }
        }
        let fresh = idle.firstIndex { $0.since + TimeAmount(bounds.idleTime) > now } ?? idle.count
        due.stale = idle[..<fresh].map(\.connection)
        idle.removeFirst(fresh)
        return due
    }

    /// Nobody will come any more: nothing is kept from now on. What is in use ends its work.
    mutating func close() -> [Connection] {
        isClosing = true
        return takeIdle()
    }

    private mutating func place(_ connection: Connection, now: NIODeadline) -> Freed {
        if let next = waiting.popFirst() {
            busy += 1
            return .serve(next.waiter)
        }
        guard !isClosing else { return .close }
        idle.append(Idle(connection: connection, since: now))
        return .keep
    }

    /// Counts one in as being opened where more wait than are on their way.
    private mutating func opensAnother() -> Bool {
        guard waiting.count > opening, total < bounds.connections else { return false }
        opening += 1
        return true
    }
}
