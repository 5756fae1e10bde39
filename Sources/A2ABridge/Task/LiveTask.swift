import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A task that somebody works on, waits for or looks at: its log in memory, which is told of as far as it is stored.
///
/// Made and given up by `A2ARuntime`, one for a task at a time. Nothing is buffered for those who follow it: each reads the log from where it is.
final class LiveTask: Sendable {
    private struct State {
        var log: TaskLog
        /// How many entries are stored.
        var stored: Int
        var isStoring = false
        /// The store does not take it: nothing more will be told.
        var isBroken = false
        var isAtWork: Bool
        /// Counts the messages that were worked on.
        var turn = 0
        var work: Task<Void, Never>?
        /// Why the work is given up, where it is.
        var end: WorkEnd?
        var streams = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0

        /// The log with a message of the client, which is worked on.
        func taking(_ message: AgentMessage, time: WireTime?) throws(A2AFailure) -> TaskLog {
            if isAtWork, !log.isSettled {
                throw A2AFailure(.unsupportedOperation, "The task is at work and takes messages when it asks for something")
            }
            var log = log
            try log.append(message)
            try log.append(TaskStatus(state: .working, timestamp: time))
            return log
        }

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    /// Why work is given up.
    enum WorkEnd: Sendable {
        /// The client wants it no more.
        case client
        /// It took too long.
        case time
        /// The hub stops.
        case drain
    }

    private enum Step {
        case done
        case broken
        case wait
        case store([TaskLog.Entry], at: Int, TaskStatus)
    }

    let id: String
    let agent: String
    let owner: TaskOwner
    private let contextID: String
    private let store: any AgentTaskStore
    private let timers: TimerTable
    private let state: NIOLockedValueBox<State>

    /// How long others wait for a store that does not come back, before they look again.
    private static let storePatience = Duration.seconds(30)

    /// A task.
    ///
    /// - Parameters:
    ///   - stored: how many entries of the log a store has already.
    ///   - isAtWork: whether work on it is about to begin.
    init(log: TaskLog, stored: Int, isAtWork: Bool, agent: String, owner: TaskOwner, store: any AgentTaskStore, timers: TimerTable) {
        id = log.task.id
        contextID = log.task.contextID ?? ""
        (self.agent, self.owner, self.store, self.timers) = (agent, owner, store, timers)
        state = NIOLockedValueBox(State(log: log, stored: stored, isAtWork: isAtWork))
    }

    // MARK: What happens

    /// Changes the log; comes back when that is stored.
    func change(_ change: (inout TaskLog) throws -> Void) async throws {
        let position = try state.withLockedValue { state in
            try change(&state.log)
            return state.log.position
        }
        try await store(upTo: position)
    }

    /// Looks whether a message could be taken.
    ///
    /// - Throws: as `take`.
    func check(_ message: AgentMessage) throws { _ = try state.withLockedValue { try $0.taking(message, time: nil) } }

    /// Takes a message of the client, with which work begins; comes back when it is stored.
    ///
    /// - Throws: `A2AFailure` where the task has ended, or works on another.
    func take(_ message: AgentMessage, time: WireTime?) async throws {
        let (position, former) = try state.withLockedValue { state in
            let log = try state.taking(message, time: time)
            let former = state.work
            (state.log, state.isAtWork, state.work, state.end) = (log, true, nil, nil)
            state.turn += 1
            return (log.position, former)
        }
        former?.cancel()
        try await store(upTo: position)
    }

    /// Stores what is not stored yet, unless somebody is at it already; comes back when all up to a position is.
    private func store(upTo position: Int) async throws {
        while true {
            let step = state.withLockedValue { state -> Step in
                if state.stored >= position { return .done }
                if state.isBroken { return .broken }
                if state.isStoring { return .wait }
                state.isStoring = true
                return .store(Array(state.log.entries.dropFirst(state.stored)), at: state.stored, state.log.task.status)
            }
            switch step {
            case .done: return
            case .broken: throw A2AFailure(.overloaded, "The task cannot be kept at present")
            case .wait: await wait(beyond: position - 1, limit: Self.storePatience, heedsCancellation: false)
            case .store(let entries, let first, let status):
                do {
                    try await store.append(entries.map(\.stored), at: first, to: record(status))
                    stored(first + entries.count)
                } catch {
                    stored(nil)
                    throw A2AFailure(.overloaded, "The task cannot be kept at present")
                }
            }
        }
    }

    private func stored(_ count: Int?) {
        let waiters = state.withLockedValue { state in
            state.isStoring = false
            if let count { state.stored = count } else { state.isBroken = true }
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    private func record(_ status: TaskStatus) -> TaskRecord {
        TaskRecord(
            agent: agent, owner: owner, id: id, contextID: contextID, state: status.state.rawValue,
            changed: status.timestamp?.milliseconds ?? 0)
    }

    /// What the store finds it by.
    var record: TaskRecord { record(state.withLockedValue { $0.log.task.status }) }

    // MARK: Work

    /// The turn that the task is at.
    var turn: Int { state.withLockedValue { $0.turn } }

    /// Keeps the work of a turn, so that it can be given up.
    func works(_ work: Task<Void, Never>, turn: Int) {
        let isTooLate = state.withLockedValue { state in
            guard state.turn == turn, state.isAtWork else { return false }
            state.work = work
            return state.end != nil
        }
        if isTooLate { work.cancel() }
    }

    /// The work of a turn has ended.
    func rests(turn: Int) {
        let waiters = state.withLockedValue { state in
            if state.turn == turn { (state.isAtWork, state.work) = (false, nil) }
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Gives the work up; the first reason counts.
    func endWork(_ end: WorkEnd) {
        let work = state.withLockedValue { state in
            if state.isAtWork { state.end = state.end ?? end }
            return state.work
        }
        work?.cancel()
    }

    /// Why the work is given up, where it is.
    var workEnd: WorkEnd? { state.withLockedValue { $0.end } }

    /// Wakes all who wait.
    func wakeAll() {
        for waiter in state.withLockedValue({ $0.takeWaiters() }) { waiter.resume() }
    }

    /// Whether somebody works on it.
    var isAtWork: Bool { state.withLockedValue { $0.isAtWork } }

    /// What its performer noted last.
    var note: ByteBuffer? { state.withLockedValue { $0.log.note } }

    // MARK: Those who follow

    /// The log as far as it goes, once all of it is stored.
    func log() async throws -> TaskLog {
        let log = state.withLockedValue { $0.log }
        try await store(upTo: log.position)
        return log
    }

    /// One thing that happened, or why there is none to tell.
    enum Told: Sendable {
        /// An entry; the event is nil where subscribers are not told of it.
        case entry(AgentEvent?)
        /// Nothing yet; the flag says whether somebody is at work.
        case nothing(isAtWork: Bool)
        /// Nothing any more.
        case broken
    }

    /// What is told of a position.
    func told(at position: Int) -> Told {
        state.withLockedValue { state in
            if position >= 0, position < state.stored { return .entry(state.log.event(at: position)) }
            return state.isBroken ? .broken : .nothing(isAtWork: state.isAtWork)
        }
    }

    /// Takes a place among those who follow the task; false where there is none left.
    func addStream(limit: Int) -> Bool {
        state.withLockedValue { state in
            guard state.streams < limit else { return false }
            state.streams += 1
            return true
        }
    }

    /// Gives a place back.
    func removeStream() { state.withLockedValue { $0.streams -= 1 } }

    /// Waits until a position is stored, or something else is to be looked at, but no longer than a time.
    func wait(beyond position: Int, limit: Duration, heedsCancellation: Bool = true) async {
        let waiter = state.withLockedValue { state in
            state.nextWaiter &+= 1
            return state.nextWaiter
        }
        let timer = timers.add(due: .now + limit) { [weak self] in self?.wake(waiter) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    if state.stored > position || state.isBroken || (heedsCancellation && Task.isCancelled) { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            if heedsCancellation { wake(waiter) }
        }
        timers.remove(timer)
    }

    private func wake(_ waiter: UInt64) {
        state.withLockedValue { $0.waiters.removeValue(forKey: waiter) }?.resume()
    }
}

extension WireTime {
    /// Since 1970; what is smaller is cut off.
    var milliseconds: Int64 { seconds * 1000 + nanoseconds / 1_000_000 }

    /// A moment in milliseconds since 1970; nil outside the years that can be written.
    init?(milliseconds: Int64) {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        self.init(seconds: rest < 0 ? seconds - 1 : seconds, nanoseconds: (rest < 0 ? rest + 1000 : rest) * 1_000_000)
    }
}
