public import HubCore
public import Logging

extension A2ARuntime {
    /// How many tasks are looked up at once.
    private static let page = 100

    /// Sees to the tasks that were at work when another process ended, and to the webhooks that have not been told of everything. To be called once,
    /// before the first request, and not while another process still works on the same tasks.
    ///
    /// 1. Work that its performer can go on with, or may repeat, is gone on with or begins anew, if there still is the agent, its caller is known and
    /// there is room. 2. All else has failed, and its outcome is not known. 3. Webhooks are told of what they missed, and of what comes of this.
    ///
    /// - Parameters:
    ///   - agents: those there are.
    ///   - logger: hears of tasks that cannot be read.
    ///   - context: who the owner of a task is, and may do now; nil where nobody knows.
    /// - Returns: how many tasks begin anew, and how many have failed.
    @discardableResult
    public func recover(_ agents: [A2AAgent], logger: Logger, context: (TaskRecord) -> CallContext?) async throws
        -> (begunAnew: Int, failed: Int)
    {
        defer { endRecovery() }
        let agents = Dictionary(agents.map { ($0.name, $0) }) { first, _ in first }
        var (begunAnew, failed): (Int, Int) = (0, 0)
        var last: String?
        repeat {
            let tasks = try await store.unfinished(after: last, limit: Self.page)
            // One that is held began here, and somebody works on it.
            for task in tasks where !isHeld(task.id) {
                do {
                    let context = context(task)
                    if let agent = agents[task.agent], let context, try await beginAnew(task, at: agent, context) {
                        begunAnew += 1
                    } else {
                        // A task that nobody works on fails when it is looked at.
                        release(try await hold(task.id, agent: task.agent, owner: task.owner, isRecovery: true))
                        failed += 1
                    }
                } catch {
                    logger.error("a task cannot be gone on with", metadata: ["agent": "\(task.agent)", "error": "\(error)"])
                }
            }
            last = tasks.last?.id
        } while last != nil
        try await push?.sweep(in: self)
        return (begunAnew, failed)
    }

    /// Goes on with the work of a task, or begins it anew; false where neither may be.
    private func beginAnew(_ record: TaskRecord, at agent: A2AAgent, _ context: CallContext) async throws -> Bool {
        guard let kept = try await store.read(record.id, agent: record.agent, owner: record.owner) else { return false }
        let log = try TaskLog(id: record.id, contextID: record.contextID, stored: kept.entries)
        var task = log.task
        guard !log.isSettled, let index = task.history.lastIndex(where: { $0.role == .user }) else { return false }
        task.history = Array(task.history.prefix(index + 1))
        let message = task.history[index]
        var turn = AgentTurn(task: task, message: message, isStreamed: false, context: context, note: log.note)
        if agent.performer.canResume(log.note) { (turn.task, turn.isResumed) = (log.task, true) }
        guard turn.isResumed || agent.performer.mayRepeat(turn) else { return false }
        do throws(A2AFailure) {
            try admit(record.owner)
        } catch {
            return false
        }
        guard let live = resume(record, log) else {
            dismiss(record.owner)
            return true
        }
        work(on: live, turn, by: agent.performer)
        release(live)
        await push?.follow(record, in: self)
        return true
    }
}
