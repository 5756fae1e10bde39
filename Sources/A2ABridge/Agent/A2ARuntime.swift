public import HubCore
import Logging
import NIOConcurrencyHelpers

/// What the agents keep beside every snapshot: tasks under way, those who follow them, and the store.
///
/// One per hub. `drain` ends what goes on.
public final class A2ARuntime: Sendable {
    /// How much may go on at once.
    public struct Bounds: Sendable, Hashable {
        /// The most tasks that are worked on.
        public var tasksAtWork = 2_000
        /// The most of them that are one owner's.
        public var tasksAtWorkOfOwner = 64
        /// The most open streams.
        public var streams = 10_000
        /// The most open streams of one task.
        public var streamsOfTask = 16
        /// How long the work of one message may take.
        public var turn = Duration.seconds(600)
        /// The most parts of a message.
        public var partsOfMessage = 256
        /// How much of tasks a page of a list has, in bytes; one task by itself may have more.
        public var page = 16 << 20

        /// The usual bounds.
        public init() {}
    }

    private struct Held {
        var task: LiveTask
        var users: Int
    }

    private struct State {
        var held: [String: Held] = [:]
        var atWork: [TaskOwner: Int] = [:]
        var allAtWork = 0
        var streams = 0
        var isDraining = false
        var isRecoveryDue = false
    }

    let store: any AgentTaskStore
    let timers: TimerTable
    let bounds: Bounds
    let push: PushSender?
    let millisecondsSince1970: @Sendable () -> Int64
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - store: keeps tasks.
    ///   - timers: ends what takes too long and keeps streams in use; must be driven.
    ///   - bounds: how much there is at once.
    ///   - push: tells webhooks of tasks; nil: clients can name none.
    ///   - millisecondsSince1970: the wall clock.
    public init(
        store: any AgentTaskStore, timers: TimerTable, bounds: Bounds = Bounds(), push: PushSender? = nil,
        millisecondsSince1970: @escaping @Sendable () -> Int64
    ) {
        self.store = store
        self.push = push
        self.timers = timers
        self.bounds = bounds
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// Ends the work on every task, and every stream; what comes later is refused.
    public func drain() {
        let tasks = state.withLockedValue { state in
            state.isDraining = true
            return state.held.values.map(\.task)
        }
        for task in tasks {
            task.endWork(.drain)
            task.wakeAll()
        }
        push?.drain()
    }

    /// To be called before the first request where `recover` will be: until that is over, tasks at work elsewhere are left alone.
    public func expectRecovery() { state.withLockedValue { $0.isRecoveryDue = true } }

    /// Tasks that nobody works on are nobody's from now on.
    func endRecovery() { state.withLockedValue { $0.isRecoveryDue = false } }

    /// How many tasks are worked on, and how many streams are open.
    public var load: (tasksAtWork: Int, streams: Int) { state.withLockedValue { ($0.allAtWork, $0.streams) } }

    /// Whether the hub stops.
    var isDraining: Bool { state.withLockedValue { $0.isDraining } }
    /// The time.
    var now: WireTime? { WireTime(milliseconds: millisecondsSince1970()) }
    /// A new id.
    func makeID() -> String { TaskID.make(millisecondsSince1970()) }

    // MARK: Tasks

    /// The longest id that is looked for, in bytes.
    private static let longestID = 256

    /// The task of an owner at an agent, held until it is released.
    ///
    /// - Parameter isRecovery: whether this is what `expectRecovery` told of: a task that nobody here works on is nobody's.
    /// - Throws: `A2AFailure` with `taskNotFound`, the same for another's task as for one that there never was; with `overloaded` where another
    ///   process may still be at work on it.
    func hold(_ id: String, agent: String, owner: TaskOwner, isRecovery: Bool = false) async throws -> LiveTask {
        let unknown = A2AFailure(.taskNotFound, "There is no such task")
        guard id.utf8.count <= Self.longestID else { throw unknown }
        if let task = heldAlready(id) {
            guard task.agent == agent, task.owner == owner else {
                release(task)
                throw unknown
            }
            return task
        }
        guard let kept = try await store.read(id, agent: agent, owner: owner) else { throw unknown }
        let log = try TaskLog(id: id, contextID: kept.record.contextID, stored: kept.entries)
        if !log.isSettled, !isRecovery, isRecoveryDue {
            throw A2AFailure(.overloaded, "The hub has not taken up the task yet; try again in a moment")
        }
        let task = hold(
            LiveTask(log: log, stored: log.position, isAtWork: false, agent: agent, owner: owner, store: store, timers: timers))
        // Nobody works on it: the process that did has ended.
        if case .nothing(isAtWork: false) = task.told(at: log.position), !log.isSettled, !isDraining {
            await fail(task, "The hub was stopped meanwhile; what became of the work is not known")
            await push?.follow(task.record, in: self)
        }
        return task
    }

    /// How a task of an owner at an agent stands: also one that another process may still be at work on.
    ///
    /// - Throws: as `hold`.
    func look(at id: String, agent: String, owner: TaskOwner) async throws -> AgentTask {
        if isRecoveryDue, !isHeld(id), id.utf8.count <= Self.longestID, let kept = try await store.read(id, agent: agent, owner: owner) {
            return try TaskLog(id: id, contextID: kept.record.contextID, stored: kept.entries).task
        }
        let task = try await hold(id, agent: agent, owner: owner)
        defer { release(task) }
        return try await task.log().task
    }

    /// A task whose work was cut off by the end of another process, held, and at work again; nil where it is held already.
    func resume(_ record: TaskRecord, _ log: TaskLog) -> LiveTask? {
        let task = LiveTask(
            log: log, stored: log.position, isAtWork: true, agent: record.agent, owner: record.owner, store: store, timers: timers)
        return state.withLockedValue { state in
            guard state.held[task.id] == nil else { return nil }
            state.held[task.id] = Held(task: task, users: 1)
            return task
        }
    }

    private var isRecoveryDue: Bool { state.withLockedValue { $0.isRecoveryDue } }
    /// Whether somebody here works on a task, waits for it or looks at it.
    func isHeld(_ id: String) -> Bool { state.withLockedValue { $0.held[id] != nil } }

    private func heldAlready(_ id: String) -> LiveTask? {
        state.withLockedValue { state in
            state.held[id]?.users += 1
            return state.held[id]?.task
        }
    }

    /// Holds a task that was made or read; gives the one there is where somebody was faster.
    private func hold(_ task: LiveTask) -> LiveTask {
        state.withLockedValue { state in
            state.held[task.id, default: Held(task: task, users: 0)].users += 1
            return state.held[task.id]?.task ?? task
        }
    }

    /// Gives a task back. One that nobody holds is in the store alone.
    func release(_ task: LiveTask) {
        state.withLockedValue { state in
            guard let users = state.held[task.id]?.users else { return }
            state.held[task.id]?.users = users - 1
            if users <= 1 { state.held[task.id] = nil }
        }
    }

    /// A task that begins with a message, held until it is released.
    func begin(_ message: AgentMessage, agent: String, owner: TaskOwner) async throws -> LiveTask {
        let log = TaskLog(id: makeID(), contextID: message.contextID ?? makeID(), message: message, time: now)
        let task = hold(LiveTask(log: log, stored: 0, isAtWork: true, agent: agent, owner: owner, store: store, timers: timers))
        do {
            try await task.change { _ in }
        } catch {
            release(task)
            throw error
        }
        return task
    }

    // MARK: Work

    /// Takes a place for work on a message; `work` gives it back.
    func admit(_ owner: TaskOwner) throws(A2AFailure) {
        let refusal = state.withLockedValue { state -> A2AFailure? in
            guard !state.isDraining, state.allAtWork < bounds.tasksAtWork else {
                return A2AFailure(.overloaded, "The hub works on as many tasks as it can")
            }
            guard state.atWork[owner, default: 0] < bounds.tasksAtWorkOfOwner else {
                return A2AFailure(.rateLimited, "You have as many tasks at work as you can")
            }
            state.allAtWork += 1
            state.atWork[owner, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Gives a place back for which there was no work.
    func dismiss(_ owner: TaskOwner) {
        state.withLockedValue { state in
            state.allAtWork -= 1
            let count = state.atWork[owner, default: 1] - 1
            state.atWork[owner] = count > 0 ? count : nil
        }
    }

    /// Ends a task whose message was refused after it was taken: there is no work that would.
    func abandon(_ task: LiveTask) async {
        await fail(task, "The hub could not begin the work")
        task.rests(turn: task.turn)
    }

    /// Lets a performer work on a message; comes back at once.
    func work(on task: LiveTask, _ turn: AgentTurn, by performer: any AgentPerformer) {
        let held = hold(task)
        let number = held.turn
        let timer = timers.add(due: .now + bounds.turn) { held.endWork(.time) }
        // Nobody waits for it: what comes of it stands in the log. It is given up by `endWork`: by the client, the timer or `drain`.
        let work = Task {
            await perform(turn, number, of: held, by: performer)
            timers.remove(timer)
            held.rests(turn: number)
            dismiss(held.owner)
            release(held)
        }
        held.works(work, turn: number)
        if isDraining { held.endWork(.drain) }
    }

    /// Work that goes on while the task waits for its client ends with the client's next message, and has no more to say.
    private func perform(_ turn: AgentTurn, _ number: Int, of task: LiveTask, by performer: any AgentPerformer) async {
        do {
            try await performer.perform(turn) { output in try await tell(output, number, of: task) }
            guard task.turn == number else { return }
            try await task.change { log in
                if !log.isSettled { try log.append(TaskStatus(state: .completed, timestamp: now)) }
            }
        } catch {
            guard task.turn == number else { return }
            // It goes on elsewhere: the next run of the hub takes it up.
            if task.workEnd == .drain, performer.canResume(task.note) { return }
            let reason = reason(error, task, turn.context)
            // Awaited here; a task of its own, because this one may be cancelled.
            await Task { await fail(task, reason) }.value
        }
    }

    private func tell(_ output: AgentOutput, _ number: Int, of task: LiveTask) async throws {
        try Task.checkCancellation()
        guard task.turn == number else { throw CancellationError() }
        let (time, id) = (now, makeID())
        try await task.change { log in
            switch output {
            case .status(.working, let parts) where parts.isEmpty && log.task.status.state == .working: break
            case .status(let state, let parts):
                let message = AgentMessage(messageID: id, contextID: log.task.contextID, taskID: log.task.id, role: .agent, parts: parts)
                try log.append(TaskStatus(state: state, message: parts.isEmpty ? nil : message, timestamp: time))
            case .artifact(let artifact, let append, let isLast):
                try log.append(ArtifactUpdate(taskID: "", contextID: "", artifact: artifact, append: append, isLastChunk: isLast))
            case .relayed(var status, let metadata):
                status.message?.taskID = log.task.id
                status.message?.contextID = log.task.contextID
                // Tasks are kept and listed by their times: an agent whose clock is ahead does not put its own before all others.
                if let said = status.timestamp, let time { status.timestamp = min(said, time) } else { status.timestamp = time }
                try log.append(status, metadata: metadata)
            case .relayedArtifact(let update): try log.append(update)
            case .reply(let message): try log.append(reply: message)
            case .note(let note): try log.append(note: note)
            }
        }
    }

    /// Ends a task as failed, unless it has ended.
    private func fail(_ task: LiveTask, _ reason: String) async {
        let (time, id) = (now, makeID())
        // A store that takes nothing: those who wait are told so by the log.
        try? await task.change { log in
            guard !log.task.status.state.isTerminal else { return }
            let message = AgentMessage(
                messageID: id, contextID: log.task.contextID, taskID: log.task.id, role: .agent,
                parts: [MessagePart(content: .text(reason))])
            try log.append(TaskStatus(state: .failed, message: message, timestamp: time))
        }
    }

    private func reason(_ error: any Error, _ task: LiveTask, _ context: CallContext) -> String {
        switch task.workEnd {
        case .time: return "The work took longer than its limit; what became of it is not known"
        case .drain: return "The hub was stopped meanwhile; what became of the work is not known"
        case .client: return "The client wants it no more"
        case nil: break
        }
        switch error {
        case let error as HubError: return error.message
        case let error as A2AFailure: return error.message
        default:
            context.logger.error("an agent failed", metadata: ["agent": "\(task.agent)", "error": "\(error)"])
            return "The hub failed to answer"
        }
    }

    /// Ends a task for its client.
    ///
    /// - Throws: `A2AFailure` with `taskNotCancelable` where it has ended in another way.
    func cancel(_ task: LiveTask, by performer: any AgentPerformer, context: CallContext) async throws {
        let time = now
        let log = try await task.log()
        if !log.task.status.state.isTerminal { try await performer.cancel(log.task, note: log.note, context: context) }
        try await task.change { log in _ = try log.cancel(time: time) }
        task.endWork(.client)
        await push?.follow(task.record, in: self)
    }

    // MARK: Streams

    /// Takes a place for a stream of a task.
    func addStream(_ task: LiveTask) throws(A2AFailure) {
        try addStream()
        do throws(A2AFailure) {
            try join(task)
        } catch {
            removeStream()
            throw error
        }
    }

    /// Takes a place for a stream of a task that is not known yet.
    func addStream() throws(A2AFailure) {
        let isAdmitted = state.withLockedValue { state in
            guard state.streams < bounds.streams else { return false }
            state.streams += 1
            return true
        }
        guard isAdmitted else { throw A2AFailure(.overloaded, "The hub has as many streams as it can") }
    }

    /// Makes a place one of a task.
    func join(_ task: LiveTask) throws(A2AFailure) {
        guard task.addStream(limit: bounds.streamsOfTask) else {
            throw A2AFailure(.rateLimited, "The task has as many streams as it can")
        }
    }

    /// Gives a place back that is of no task.
    func removeStream() { state.withLockedValue { $0.streams -= 1 } }

    /// Gives a place back.
    func removeStream(_ task: LiveTask) {
        task.removeStream()
        removeStream()
    }
}
