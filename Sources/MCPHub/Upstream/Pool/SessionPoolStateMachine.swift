import HubCore

/// Whose session it is.
enum SessionCell: Hashable {
    /// Everybody's, because the server keeps nothing in it that is one caller's.
    case everybody
    /// One client's, which has a session with the hub.
    case client(UInt128)
    /// That of clients without a session that come with one credential and can do the same.
    case caller(consumer: String, credential: CredentialID?, capabilities: ClientCapabilities)

    /// Whether all calls in it are of one client.
    var isOneClients: Bool { if case .client = self { true } else { false } }

    /// Whether one may have several sessions: where a client has one, the server knows it by that.
    var takesSeveral: Bool {
        switch self {
        case .everybody, .client: false
        case .caller: true
        }
    }
}

/// What a session is begun for.
struct SessionWish {
    /// Whose it will be.
    var cell: SessionCell
    /// What its client can do.
    var capabilities: ClientCapabilities
    /// Who calls.
    var principal: Principal
    /// Whether it has to be of a handshake era, where the server may be spoken to in the modern one.
    var isHandshake = false

    /// For a session that is everybody's.
    static let everybodys = SessionWish(cell: .everybody, capabilities: [], principal: .anonymous)

    /// Whom it counts for.
    struct Owner: Hashable {
        let consumer: String
        let credential: CredentialID?
    }

    /// Who has no more than a share of the sessions; nil for what is everybody's.
    var owner: Owner? { cell == .everybody ? nil : Owner(consumer: principal.consumer, credential: principal.credential) }
}

/// Which call goes into which session with a server: what is open, what is being opened, who waits.
///
/// Does nothing itself: each input gives what is to be done. Rules:
/// 1. A call goes into an open session of its cell. A session that cannot tell requests apart takes one call at a time where its clients can be
///    asked, and a bounded number where it is one client's own: whatever is asked in it is for that client.
/// 2. Otherwise one is being opened for all who wait in the cell. A cell that may have several opens the next when the last has come.
/// 3. At the bound of sessions the idle one that was used longest ago makes room; where none is idle and the cell has none, the call is refused.
/// 4. One caller has three quarters of the sessions, and of the places to wait: beyond that an idle one of its own makes room.
struct SessionPoolStateMachine {
    typealias Instant = ContinuousClock.Instant

    /// How much there may be.
    struct Bounds {
        var sessions = 64
        var sessionsInCell = 8
        var waiting = 256
        var idleTime = Duration.seconds(300)

        var sessionsOfCaller: Int { sessions - sessions / 4 }
        var waitingOfCaller: Int { waiting - waiting / 4 }
    }

    /// A call that has its session.
    struct Served {
        var waiter: UInt64
        var slot: Int
        var session: any UpstreamSession
    }

    /// What is to be done.
    struct Effects {
        var served: [Served] = []
        /// Those for whom there is no room.
        var refused: [UInt64] = []
        /// Those whose session could not be opened.
        var failed: [UInt64] = []
        /// Those whose sessions have been ended.
        var ended: [UInt64] = []
        var opens: [(slot: Int, wish: SessionWish)] = []
        var closes: [any UpstreamSession] = []
    }

    private struct Slot {
        /// The calls side by side of one client, in a session that cannot tell them apart.
        static let callsOfClient = 32

        var wish: SessionWish
        /// Nil: it is being opened.
        var session: (any UpstreamSession)?
        var inUse = 0
        var lastUsed: Instant
        /// Belongs to the server itself, which adds and removes it.
        var isOwned = false
        /// Takes no more calls.
        var isRetired = false

        var isOpen: Bool { session != nil && !isRetired }
        var isSerial: Bool { session.map { !$0.tellsRequestsApart && !wish.capabilities.isDisjoint(with: .questions) } ?? false }
        var takesCall: Bool { isOpen && session?.isEnded == false && (!isSerial || inUse < maximumSerial) }
        private var maximumSerial: Int { wish.cell.isOneClients ? Self.callsOfClient : 1 }
    }

    private let bounds: Bounds
    private var slots: [Int: Slot] = [:]
    private var next = 0
    private var waiting: [(waiter: UInt64, wish: SessionWish)] = []
    private var isClosed = false

    init(bounds: Bounds) {
        self.bounds = bounds
    }

    /// The sessions that count for the bound: those that are not the server's own.
    var count: Int { slots.values.reduce(0) { $0 + ($1.isOwned ? 0 : 1) } }

    /// Whether a session is being opened.
    func isOpening(_ index: Int) -> Bool { slots[index].map { $0.session == nil } ?? false }
    /// Whether a cell has a session that works.
    func hasOpen(_ cell: SessionCell) -> Bool {
        slots.values.contains { $0.wish.cell == cell && $0.isOpen && $0.session?.isEnded == false }
    }

    /// The sessions of a cell that work.
    func open(in cell: SessionCell) -> [any UpstreamSession] {
        slots.values.filter { $0.wish.cell == cell && $0.session?.isEnded == false }.compactMap(\.session)
    }

    // MARK: Calls

    /// A session that a call can go into at once; nil where it has to wait, or others do.
    mutating func take(_ cell: SessionCell, now: Instant) -> (slot: Int, session: any UpstreamSession)? {
        guard !waiting.contains(where: { $0.wish.cell == cell }), let index = free(in: cell), let session = slots[index]?.session else {
            return nil
        }
        slots[index]?.inUse += 1
        slots[index]?.lastUsed = now
        return (index, session)
    }

    /// Whether a call waits, and its cell has no session yet.
    func waitsForFirst(_ waiter: UInt64) -> Bool {
        guard let cell = waiting.first(where: { $0.waiter == waiter })?.wish.cell else { return false }
        return !slots.values.contains { $0.wish.cell == cell && $0.isOpen }
    }

    /// Whether calls wait that could go into this session.
    func isWaitedFor(_ index: Int) -> Bool {
        guard let slot = slots[index] else { return false }
        return waiting.contains { $0.wish.cell == slot.wish.cell }
    }

    /// A call needs a session.
    mutating func acquire(_ waiter: UInt64, _ wish: SessionWish, now: Instant) -> Effects {
        var effects = Effects()
        guard !isClosed else {
            effects.ended.append(waiter)
            return effects
        }
        let isOverShare = wish.owner.map { owner in waiting.count { $0.wish.owner == owner } >= bounds.waitingOfCaller } ?? false
        guard waiting.count < bounds.waiting, !isOverShare else {
            effects.refused.append(waiter)
            return effects
        }
        waiting.append((waiter, wish))
        settle(wish.cell, now: now, opens: true, &effects)
        return effects
    }

    /// A call does not wait any longer.
    mutating func leave(_ waiter: UInt64) { waiting.removeAll { $0.waiter == waiter } }

    /// A call has done with its session.
    mutating func release(_ index: Int, now: Instant) -> Effects {
        var effects = Effects()
        guard var slot = slots[index] else { return effects }
        slot.inUse -= 1
        slot.lastUsed = now
        slots[index] = slot
        if slot.inUse <= 0, slot.isRetired || slot.session?.isEnded == true { drop(index, &effects) }
        settle(slot.wish.cell, now: now, opens: true, &effects)
        return effects
    }

    // MARK: Sessions

    /// A session that was to be opened is there.
    mutating func opened(_ index: Int, _ session: any UpstreamSession, now: Instant) -> Effects {
        var effects = Effects()
        guard var slot = slots[index] else {
            // Nobody wants it any more.
            effects.closes.append(session)
            return effects
        }
        slot.session = session
        slot.lastUsed = now
        slots[index] = slot
        settle(slot.wish.cell, now: now, opens: true, &effects)
        return effects
    }

    /// A session could not be opened. Those who waited for it are told, unless there are others of their cell to wait for.
    mutating func openingFailed(_ index: Int) -> Effects {
        var effects = Effects()
        guard let cell = slots.removeValue(forKey: index)?.wish.cell else { return effects }
        if !slots.values.contains(where: { $0.wish.cell == cell && !$0.isRetired }) { effects.failed = takeWaiting(in: cell) }
        return effects
    }

    /// A session of the server's own serves everybody from now on.
    mutating func add(_ session: any UpstreamSession, now: Instant) -> (slot: Int, effects: Effects) {
        next += 1
        var effects = Effects()
        guard !isClosed else {
            effects.closes.append(session)
            return (next, effects)
        }
        slots[next] = Slot(wish: .everybodys, session: session, lastUsed: now, isOwned: true)
        settle(.everybody, now: now, opens: false, &effects)
        return (next, effects)
    }

    /// A session takes no more calls; it is closed when those in it have ended.
    mutating func retire(_ index: Int) -> Effects {
        var effects = Effects()
        slots[index]?.isRetired = true
        if let slot = slots[index], slot.inUse <= 0 { drop(index, &effects) }
        return effects
    }

    /// The sessions of a client are closed: it has ended its own.
    mutating func end(client id: UInt128) -> Effects {
        var effects = Effects()
        for (index, slot) in slots where slot.wish.cell == .client(id) { drop(index, slot, &effects) }
        effects.ended = takeWaiting(in: .client(id))
        return effects
    }

    /// Time has passed.
    mutating func tick(now: Instant) -> Effects {
        var effects = Effects()
        for (index, slot) in slots where slot.isOpen && slot.inUse <= 0 && !slot.isOwned {
            if slot.session?.isEnded == true || slot.lastUsed + bounds.idleTime <= now { drop(index, &effects) }
        }
        return effects
    }

    /// Ends all; nothing comes after it.
    mutating func close() -> Effects {
        var effects = Effects()
        isClosed = true
        for (index, slot) in slots { drop(index, slot, &effects) }
        effects.ended = waiting.map(\.waiter)
        waiting = []
        return effects
    }

    // MARK: Parts

    private mutating func settle(_ cell: SessionCell, now: Instant, opens: Bool, _ effects: inout Effects) {
        for (index, slot) in slots where slot.wish.cell == cell && slot.inUse <= 0 && slot.session?.isEnded == true {
            drop(index, &effects)
        }
        while let place = waiting.firstIndex(where: { $0.wish.cell == cell }), let index = free(in: cell),
            let session = slots[index]?.session
        {
            effects.served.append(Served(waiter: waiting.remove(at: place).waiter, slot: index, session: session))
            slots[index]?.inUse += 1
            slots[index]?.lastUsed = now
        }
        if opens { openAnother(cell, now: now, &effects) }
    }

    /// The session of a cell that the next call goes into: the server's own, or of several the one used last, so that what is not needed
    /// grows old.
    private func free(in cell: SessionCell) -> Int? {
        var best: (index: Int, slot: Slot)?
        for (index, slot) in slots where slot.wish.cell == cell && slot.takesCall {
            if slot.isOwned { return index }
            if let best, (best.slot.lastUsed, best.index) > (slot.lastUsed, index) { continue }
            best = (index, slot)
        }
        return best?.index
    }

    private mutating func openAnother(_ cell: SessionCell, now: Instant, _ effects: inout Effects) {
        guard let wish = waiting.first(where: { $0.wish.cell == cell })?.wish else { return }
        let own = slots.values.filter { $0.wish.cell == cell && !$0.isRetired && $0.session?.isEnded != true }
        guard !own.contains(where: { $0.session == nil }), own.count < (cell.takesSeveral ? bounds.sessionsInCell : 1) else { return }
        let sharer = wish.owner.flatMap { owner in
            slots.values.count { !$0.isOwned && $0.wish.owner == owner } < bounds.sessionsOfCaller ? nil : owner
        }
        guard sharer == nil && count < bounds.sessions || makeRoom(of: sharer, &effects) else {
            if own.isEmpty { effects.refused.append(contentsOf: takeWaiting(in: cell)) }
            return
        }
        next += 1
        slots[next] = Slot(wish: wish, lastUsed: now)
        effects.opens.append((next, wish))
    }

    /// Closes an idle session, of `owner` where there is one.
    private mutating func makeRoom(of owner: SessionWish.Owner?, _ effects: inout Effects) -> Bool {
        let idle = slots.filter {
            $0.value.isOpen && $0.value.inUse <= 0 && !$0.value.isOwned && (owner == nil || $0.value.wish.owner == owner)
        }
        guard let oldest = idle.min(by: { ($0.value.lastUsed, $0.key) < ($1.value.lastUsed, $1.key) }) else { return false }
        drop(oldest.key, &effects)
        return true
    }

    private mutating func drop(_ index: Int, _ effects: inout Effects) {
        guard let slot = slots[index] else { return }
        drop(index, slot, &effects)
    }

    private mutating func drop(_ index: Int, _ slot: Slot, _ effects: inout Effects) {
        slots[index] = nil
        if let session = slot.session { effects.closes.append(session) }
    }

    private mutating func takeWaiting(in cell: SessionCell) -> [UInt64] {
        defer { waiting.removeAll { $0.wish.cell == cell } }
        return waiting.filter { $0.wish.cell == cell }.map(\.waiter)
    }
}
