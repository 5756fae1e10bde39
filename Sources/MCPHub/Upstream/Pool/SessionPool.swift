import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The sessions with one server that calls go into. Lives as long as the server.
final class SessionPool: Sendable {
    /// A session that a call may use until it gives it back.
    struct Lease: Sendable {
        let session: any UpstreamSession
        fileprivate let slot: Int
    }

    private struct State {
        var machine: SessionPoolStateMachine
        var next: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Result<Lease, any Error>, Never>] = [:]
        var openings: [Int: Task<Void, Never>] = [:]
        var isSwept = false
        /// The clients whose sessions are being told of other roots, and whether word came again meanwhile.
        var telling: [UInt128: Bool] = [:]
        /// Why the last session could not be opened.
        var failure: HubError
    }

    /// How often it is looked for sessions that nobody uses.
    private static let sweepInterval = Duration.seconds(15)

    private let server: String
    private let openLimit: Duration
    private let opener: any SessionOpener
    private let handshakeOpener: (any SessionOpener)?
    private let environment: UpstreamEnvironment
    private let counts: UpstreamCounts
    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - server: the server's name, for what callers are told.
    ///   - openLimit: how long the beginning of a session may take.
    ///   - opener: begins sessions.
    ///   - handshakeOpener: begins those that have to be of a handshake era.
    ///   - environment: the time, timers, the log.
    ///   - counts: hears of sessions that are begun, and that cannot be.
    ///   - bounds: how many there may be.
    init(
        server: String, openLimit: Duration, opener: any SessionOpener, handshakeOpener: (any SessionOpener)?,
        environment: UpstreamEnvironment, counts: UpstreamCounts, bounds: SessionPoolStateMachine.Bounds = .init()
    ) {
        self.server = server
        self.openLimit = openLimit
        self.opener = opener
        self.handshakeOpener = handshakeOpener
        self.environment = environment
        self.counts = counts
        state = NIOLockedValueBox(
            State(machine: SessionPoolStateMachine(bounds: bounds), failure: HubError(.upstreamFailed, "The server \(server) is away")))
    }

    /// Whether a cell has a session that works.
    func hasOpen(_ cell: SessionCell) -> Bool { state.withLockedValue { $0.machine.hasOpen(cell) } }
    /// How many sessions there are beside the server's own.
    var count: Int { state.withLockedValue { $0.machine.count } }
    /// How many calls wait for one.
    var waitingCount: Int { state.withLockedValue { $0.waiting.count } }

    // MARK: Calls

    /// A session for a call, waited for until `due`; where there is none of its cell yet, until `openingDue`.
    ///
    /// - Throws: `HubError`, `CancellationError`.
    func lease(
        _ wish: SessionWish, until due: ContinuousClock.Instant, openingUntil openingDue: ContinuousClock.Instant
    ) async throws -> Lease {
        let (ready, id) = state.withLockedValue { state in
            state.next += 1
            return (state.machine.take(wish.cell, now: environment.now()), state.next)
        }
        if let ready { return Lease(session: ready.session, slot: ready.slot) }
        let openingDue = min(due, openingDue)
        guard environment.now() < due else { throw noneFree }
        let timer = environment.timers.add(due: due) { self.leave(id, self.noneFree) }
        let openingTimer = environment.timers.add(due: openingDue) { self.leaveUnbegun(id) }
        defer {
            environment.timers.remove(timer)
            environment.timers.remove(openingTimer)
        }
        let outcome: Result<Lease, any Error> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                step { state in
                    state.waiting[id] = continuation
                    return state.machine.acquire(id, wish, now: environment.now())
                }
                // Cancelled or due before: the handler below, or the timer, has found nobody.
                if Task.isCancelled { leave(id, CancellationError()) }
                if environment.now() >= due { leave(id, noneFree) }
                if environment.now() >= openingDue { leaveUnbegun(id) }
            }
        } onCancel: {
            leave(id, CancellationError())
        }
        return try outcome.get()
    }

    /// Whether others wait for a session like this one.
    func isWaitedFor(_ lease: Lease) -> Bool { state.withLockedValue { $0.machine.isWaitedFor(lease.slot) } }

    /// Gives a session back.
    func release(_ lease: Lease) { step { $0.machine.release(lease.slot, now: environment.now()) } }

    private var noneFree: HubError { HubError(.upstreamTimeout, "The server \(server) had no session free in time") }

    private func leaveUnbegun(_ id: UInt64) {
        guard state.withLockedValue({ $0.machine.waitsForFirst(id) }) else { return }
        leave(id, HubError(.upstreamFailed, "The server \(server) is away: no session with it could be begun in time"))
    }

    private func leave(_ id: UInt64, _ error: any Error) {
        let waiting = state.withLockedValue { state in
            state.machine.leave(id)
            return state.waiting.removeValue(forKey: id)
        }
        waiting?.resume(returning: .failure(error))
    }

    // MARK: Sessions

    /// Adds a session of the server's own, which serves everybody.
    func add(_ session: any UpstreamSession) -> Int {
        var slot = 0
        step { state in
            let added = state.machine.add(session, now: environment.now())
            slot = added.slot
            return added.effects
        }
        return slot
    }

    /// Takes no more calls into a session, and closes it when those in it have ended.
    func retire(_ slot: Int) { step { $0.machine.retire(slot) } }
    /// Closes the sessions of a client.
    func end(client id: UInt128) { step { $0.machine.end(client: id) } }

    /// Tells the sessions of a client that it works in other folders. One word is under way for a client at a time; however many come
    /// meanwhile, one more follows.
    func tellOfRoots(client id: UInt128) {
        let begins = state.withLockedValue { state in
            guard state.machine.hasOpen(.client(id)) else { return false }
            return state.telling.updateValue(state.telling[id] != nil, forKey: id) == nil
        }
        guard begins else { return }
        // Nobody waits for it, and nobody cancels it: a session bounds what it takes to notify, and one that has ended does nothing.
        Task {
            repeat {
                for session in state.withLockedValue({ $0.machine.open(in: .client(id)) }) {
                    await session.notify("notifications/roots/list_changed", params: nil)
                }
            } while tellsAgain(id)
        }
    }

    private func tellsAgain(_ id: UInt128) -> Bool {
        state.withLockedValue { state in
            if state.telling[id] == true {
                state.telling[id] = false
                return true
            }
            state.telling[id] = nil
            return false
        }
    }

    /// Closes all for good.
    func close() {
        let openings = state.withLockedValue { state in
            defer { state.openings = [:] }
            return Array(state.openings.values)
        }
        for opening in openings { opening.cancel() }
        step { $0.machine.close() }
    }

    // MARK: Doing what is to be done

    private func step(_ input: (inout State) -> SessionPoolStateMachine.Effects) {
        var told: [(CheckedContinuation<Result<Lease, any Error>, Never>, Result<Lease, any Error>)] = []
        let effects = state.withLockedValue { state in
            let effects = input(&state)
            for served in effects.served {
                guard let waiting = state.waiting.removeValue(forKey: served.waiter) else { continue }
                told.append((waiting, .success(Lease(session: served.session, slot: served.slot))))
            }
            let refusals = [
                (effects.failed, state.failure),
                (effects.ended, HubError(.upstreamFailed, "The session with the server \(server) has been ended", cause: ClientFault())),
                (effects.refused, HubError(.overloaded, "The server \(server) is used by too many at once")),
            ]
            for (waiters, error) in refusals {
                for id in waiters {
                    if let waiting = state.waiting.removeValue(forKey: id) { told.append((waiting, .failure(error))) }
                }
            }
            return effects
        }
        for session in effects.closes { session.close() }
        for (waiting, outcome) in told { waiting.resume(returning: outcome) }
        for (slot, wish) in effects.opens { open(slot, wish) }
        sweepLater()
    }

    private func open(_ slot: Int, _ wish: SessionWish) {
        // Those who wait are told when it ends, which the limit sees to; whoever began it may go while others wait. `close` cancels it.
        let opener = wish.isHandshake ? handshakeOpener ?? opener : opener
        let task = Task { [openLimit, environment] in
            do {
                let session = try await LimitedWork.run(
                    until: environment.now() + openLimit, timers: environment.timers,
                    late: HubError(.upstreamTimeout, "it did not answer in time")
                ) {
                    try await opener.open(
                        capabilities: wish.capabilities, observer: nil, principal: wish.principal, deadline: .now() + TimeAmount(openLimit))
                }
                counts.sessionBegan()
                step { state in
                    state.openings[slot] = nil
                    return state.machine.opened(slot, session, now: environment.now())
                }
            } catch {
                failed(slot, wish, error)
            }
        }
        state.withLockedValue { state in
            if state.machine.isOpening(slot) { state.openings[slot] = task }
        }
    }

    private func failed(_ slot: Int, _ wish: SessionWish, _ error: any Error) {
        let account = UpstreamAccount("no session can be begun", because: error)
        if !(error is CancellationError) {
            // That a server of the modern era speaks no other is no fault of it.
            let isExpected = wish.isHandshake && (error as? HubError)?.isOfWrongEra == true
            if !isExpected { counts.count(.sessionRefused) }
            environment.logger.log(
                level: isExpected ? .debug : .warning, "no session with an MCP server could be begun",
                metadata: ["server": "\(server)", "problem": "\(account.forOperator)"])
        }
        let code = (error as? HubError)?.code ?? .upstreamFailed
        step { state in
            state.openings[slot] = nil
            state.failure = HubError(code, "The server \(server) is away: \(account.forCallers)", cause: error)
            return state.machine.openingFailed(slot)
        }
    }

    /// Looks for idle sessions from time to time, for as long as there are any.
    private func sweepLater() {
        let begins = state.withLockedValue { state in
            guard !state.isSwept, state.machine.count > 0 else { return false }
            state.isSwept = true
            return true
        }
        guard begins else { return }
        _ = environment.timers.add(due: environment.now() + Self.sweepInterval) { [weak self] in
            guard let self else { return }
            step { state in
                state.isSwept = false
                return state.machine.tick(now: environment.now())
            }
        }
    }
}
