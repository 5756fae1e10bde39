import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

extension UpstreamServer {
    /// Reaches the server, keeps its catalogue, and goes on until cancelled or stopped; then ends its sessions.
    func live() async {
        // Awaited below; cancelled with this task, or by `stop`, whatever it waits for at that time.
        let life = Task { await goOn() }
        let isStopped = standing.withLockedValue { standing in
            standing.work = life
            return standing.isStopped
        }
        if isStopped { life.cancel() }
        await withTaskCancellationHandler {
            await life.value
        } onCancel: {
            life.cancel()
        }
        stop()
    }

    private func goOn() async {
        var calls = wakeup.calls.makeAsyncIterator()
        while !Task.isCancelled, let step = nextStep() {
            switch step {
            case .reach: await reach()
            case .list: await relist()
            case .wait(let due):
                await passWatches()
                let timer = due.map { environment.timers.add(due: $0) { [wakeup] in wakeup.ring() } }
                _ = await calls.next()  // nil where it is over, which the loop's condition sees
                if let timer { environment.timers.remove(timer) }
            }
        }
    }

    private func nextStep() -> LifeStateMachine.Step? {
        standing.withLockedValue { $0.isStopped ? nil : $0.life.step(now: environment.now()) }
    }

    // MARK: Reaching

    private func reach() async {
        let observer = DirectoryObserver(self)
        let previous = standing.withLockedValue { standing in
            standing.arriving = observer
            standing.life.listing()
            return standing.catalogue
        }
        do {
            let (session, catalogue) = try await limited { [opener, deadline] in
                let session = try await opener.open(
                    // Some servers tell of their pages only where somebody can show them.
                    capabilities: .apps, observer: observer, principal: .anonymous, deadline: deadline)
                do {
                    return (session, try await CatalogueLister(session: session, deadline: deadline, previous: previous).list())
                } catch {
                    session.close()
                    throw error
                }
            }
            arrived(session, observer: observer, catalogue: catalogue)
        } catch {
            lost(.unreachable, "it cannot be reached", because: error)
        }
    }

    private func relist() async {
        let (directory, previous) = standing.withLockedValue { standing in
            standing.life.listing()
            return (standing.directory?.session, standing.catalogue)
        }
        guard let directory else { return lost(.sessionLost, "its session is gone", because: nil) }
        do {
            let catalogue = try await limited { [deadline] in
                try await CatalogueLister(session: directory, deadline: deadline, previous: previous).list()
            }
            counts.listRead(now: environment.now())
            settled { standing in
                standing.life.relisted(now: environment.now())
                return standing.keep(catalogue)
            }
            tellProblems(catalogue, previous: previous)
        } catch {
            lost(.listFailed, "its lists cannot be read", because: error)
        }
    }

    private var deadline: NIODeadline { .now() + TimeAmount(settings.listLimit) }

    private func limited<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await LimitedWork.run(
            until: environment.now() + settings.listLimit, timers: environment.timers,
            late: HubError(.upstreamTimeout, "it did not answer in time"), work)
    }

    // MARK: What became of it

    private func arrived(_ session: any UpstreamSession, observer: DirectoryObserver, catalogue: Catalogue) {
        // Calls share it where a server keeps nothing in a session that is one caller's.
        let slot = session.greeting.revision.isModern || settings.isShared ? pool.add(session) : nil
        let previous = standing.withLockedValue(\.catalogue)
        counts.sessionBegan()
        counts.arrived(now: environment.now())
        var isStopped = false
        settled { standing in
            isStopped = standing.isStopped
            guard !isStopped else { return false }
            standing.arriving = nil
            standing.forgetHandshake()
            standing.directory = (session, observer)
            standing.directorySlot = slot
            watches.setChanged()
            standing.life.reached(now: environment.now())
            let wasAway = standing.problem != nil
            standing.problem = nil
            return standing.keep(catalogue) || wasAway
        }
        guard !isStopped else {
            if let slot { pool.retire(slot) } else { session.close() }
            return
        }
        environment.logger.notice(
            "an MCP server is there",
            metadata: ["server": "\(name)", "revision": "\(catalogue.revision.rawValue)", "tools": "\(catalogue.tools.count)"])
        tellProblems(catalogue, previous: previous)
        // It may have ended while its lists were read.
        if session.isEnded { ended(observer, nil) }
    }

    private func tellProblems(_ catalogue: Catalogue, previous: Catalogue?) {
        guard !catalogue.problems.isEmpty, catalogue.problems != previous?.problems else { return }
        environment.logger.warning(
            "an MCP server lists what the hub cannot offer", metadata: ["server": "\(name)", "problems": "\(catalogue.problems)"])
    }

    /// The server is away from now on, until it is reached again.
    private func lost(_ failure: ServerFailure, _ what: String, because error: (any Error)?) {
        let isStopped = standing.withLockedValue(\.isStopped)
        if isStopped || error is CancellationError && Task.isCancelled { return }  // the end of it all, no failure
        counts.count(failure)
        let account = UpstreamAccount(what, because: error)
        var left: (session: any UpstreamSession, slot: Int?)?
        var isNews = false
        settled { standing in
            left = standing.directory.map { ($0.session, standing.directorySlot) }
            standing.directory = nil
            standing.directorySlot = nil
            standing.arriving = nil
            let wasAway = standing.problem != nil
            // What the operator reads may be another at each attempt: a process writes the time before what it says.
            isNews = !wasAway || standing.excuse != account.forCallers
            standing.problem = account.forOperator
            standing.excuse = account.forCallers
            standing.life.lost(now: environment.now(), chance: environment.chance())
            return !wasAway
        }
        if let left {
            // Calls under way in it go on to their end.
            if let slot = left.slot { pool.retire(slot) } else { left.session.close() }
        }
        environment.logger.log(
            level: isNews ? .warning : .debug, "an MCP server is away",
            metadata: ["server": "\(name)", "problem": "\(account.forOperator)"])
    }

    /// Changes what is known after an attempt, and tells those who waited for it; `change` gives whether a snapshot would come out otherwise.
    private func settled(_ change: (inout Standing) -> Bool) {
        let (isChange, waiting) = standing.withLockedValue { standing in (change(&standing), standing.attempted()) }
        if isChange { environment.changed() }
        for continuation in waiting { continuation.resume() }
    }

    // MARK: What the server says

    /// A list has changed.
    func heard(from observer: DirectoryObserver) {
        let isHeard = standing.withLockedValue { standing in
            guard standing.isCurrent(observer) else { return false }
            standing.life.heard(now: environment.now())
            return true
        }
        if isHeard { wakeup.ring() }
    }

    /// The session has ended.
    func ended(_ observer: DirectoryObserver, _ error: HubError?) {
        // While it is being begun, whoever begins it finds out.
        guard standing.withLockedValue({ $0.directory?.observer === observer }) else { return }
        lost(.sessionLost, "its session ended", because: error)
        wakeup.ring()
    }

    // MARK: Waiting

    /// Waits until the next attempt to reach or list the server has ended, at most until `due`. Gives at once where `attempts` have been made
    /// since, where too many wait, or where the server is not looked after any more.
    func waitForAttempt(after attempts: Int, until due: ContinuousClock.Instant) async {
        let id = standing.withLockedValue { standing in
            standing.nextWaiter += 1
            return standing.nextWaiter
        }
        let timer = environment.timers.add(due: due) { self.stopWaiting(id) }
        defer { environment.timers.remove(timer) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = standing.withLockedValue { standing in
                    guard standing.attempts == attempts, !standing.isStopped, standing.waiting.count < Self.maximumWaiting,
                        !Task.isCancelled, environment.now() < due
                    else { return false }
                    standing.waiting[id] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            stopWaiting(id)
        }
    }

    private func stopWaiting(_ id: UInt64) {
        standing.withLockedValue { $0.waiting.removeValue(forKey: id) }?.resume()
    }

    /// A call has failed: looks whether the server is still there.
    func doubt() {
        standing.withLockedValue { $0.life.doubted(now: environment.now()) }
        wakeup.ring()
    }

    /// Has the lists read now, and waits for them until `due`.
    func listAnew(until due: ContinuousClock.Instant) async {
        let attempts = standing.withLockedValue { standing in
            standing.life.wantsList(now: environment.now())
            return standing.attempts
        }
        wakeup.ring()
        await waitForAttempt(after: attempts, until: due)
    }
}
