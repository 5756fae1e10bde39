import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The streams that clients of handshake sessions may resume, and the account of what is kept for it.
///
/// 1. An event takes its bytes from the bounds once the client was sent it, or has left. 2. Where there is no room, the streams that have
/// ended go first, the oldest before others. 3. What has ended is kept for `patience`; so is what its client has left. 4. More streams
/// without their clients than may be at once are not kept: their calls are cancelled.
///
/// Nothing here calls a log: logs call this while they hold their own lock.
final class EventLogs: Sendable {
    static let maximumBytesPerSession = 256 << 10
    static let maximumBytes = 32 << 20
    /// How many go on without their clients, in one session and in all.
    static let maximumLeftPerSession = 16
    static let maximumLeft = 1_000
    /// How long a client may take to come back.
    static let patience = Duration.seconds(30)
    /// What a stream takes from the bounds besides its events.
    static let overhead = 512

    private struct Account {
        var log: EventLog
        var bytes: Int
        var isLeft = false
    }

    private struct Session {
        var accounts: [UInt64: Account] = [:]
        var bytes = 0
        var left = 0
        /// Those that have ended, oldest first; some may be gone.
        var ended: CircularBuffer<UInt64> = []
    }

    private struct Ended {
        var session: UInt128
        var stream: UInt64
        var due: ContinuousClock.Instant
    }

    private struct State {
        var sessions: [UInt128: Session] = [:]
        var bytes = 0
        var left = 0
        var ended: CircularBuffer<Ended> = []
        var isSweeping = false
        var isDraining = false

        mutating func remove(_ stream: UInt64, of id: UInt128) {
            guard let account = sessions[id]?.accounts.removeValue(forKey: stream) else { return }
            add(-account.bytes, to: id)
            if account.isLeft { countLeft(-1, in: id) }
            while let oldest = sessions[id]?.ended.first, sessions[id]?.accounts[oldest] == nil { sessions[id]?.ended.removeFirst() }
            if sessions[id]?.accounts.isEmpty == true { sessions[id] = nil }
        }

        mutating func add(_ count: Int, to id: UInt128) {
            bytes += count
            sessions[id]?.bytes += count
        }

        mutating func countLeft(_ count: Int, in id: UInt128) {
            left += count
            sessions[id]?.left += count
        }

        /// Makes room at the cost of what has ended.
        mutating func makeRoom(for count: Int, in id: UInt128) -> Bool {
            while sessions[id, default: Session()].bytes + count > EventLogs.maximumBytesPerSession {
                guard let oldest = sessions[id]?.ended.popFirst() else { return false }
                remove(oldest, of: id)
            }
            while bytes + count > EventLogs.maximumBytes {
                guard let oldest = ended.popFirst() else { return false }
                remove(oldest.stream, of: oldest.session)
            }
            return true
        }
    }

    let timers: TimerTable
    let refusals: BoundRefusals
    private let state = NIOLockedValueBox(State())

    init(timers: TimerTable, refusals: BoundRefusals) {
        self.timers = timers
        self.refusals = refusals
    }

    /// How many bytes are kept, and how many streams go on without their clients.
    var usage: (bytes: Int, left: Int) { state.withLockedValue { ($0.bytes, $0.left) } }

    /// Begins to keep a stream; false where there is no room.
    func add(_ log: EventLog) -> Bool {
        state.withLockedValue { state in
            guard !state.isDraining else { return false }
            guard state.makeRoom(for: Self.overhead, in: log.session) else {
                refusals.count(.keptEvents)
                return false
            }
            state.sessions[log.session, default: Session()].accounts[log.stream] = Account(log: log, bytes: Self.overhead)
            state.add(Self.overhead, to: log.session)
            return true
        }
    }

    /// The stream of that name in a session.
    func log(_ id: EventID, session: UInt128) -> EventLog? {
        let log = state.withLockedValue { $0.sessions[session]?.accounts[id.stream]?.log }
        return log?.kind == id.kind ? log : nil
    }

    /// Takes bytes for an event; false where there is no room.
    func take(_ count: Int, for log: EventLog) -> Bool {
        state.withLockedValue { state in
            guard state.sessions[log.session]?.accounts[log.stream] != nil, state.makeRoom(for: count, in: log.session)
            else { return false }
            state.sessions[log.session]?.accounts[log.stream]?.bytes += count
            state.add(count, to: log.session)
            return true
        }
    }

    /// Gives bytes back.
    func giveBack(_ count: Int, of log: EventLog) {
        state.withLockedValue { state in
            guard state.sessions[log.session]?.accounts[log.stream] != nil else { return }
            state.sessions[log.session]?.accounts[log.stream]?.bytes -= count
            state.add(-count, to: log.session)
        }
    }

    /// The client of a stream has left it; false where too many have.
    func leave(_ log: EventLog) -> Bool {
        state.withLockedValue { state in
            guard !state.isDraining, let session = state.sessions[log.session], session.accounts[log.stream]?.isLeft == false
            else { return false }
            guard session.left < Self.maximumLeftPerSession, state.left < Self.maximumLeft else {
                refusals.count(.streamsWithoutClients)
                return false
            }
            state.sessions[log.session]?.accounts[log.stream]?.isLeft = true
            state.countLeft(1, in: log.session)
            return true
        }
    }

    /// The client is back.
    func comeBack(_ log: EventLog) {
        state.withLockedValue { state in
            guard state.sessions[log.session]?.accounts[log.stream]?.isLeft == true else { return }
            state.sessions[log.session]?.accounts[log.stream]?.isLeft = false
            state.countLeft(-1, in: log.session)
        }
    }

    /// Nothing more is added to a stream: it is kept for a while.
    func end(_ log: EventLog) {
        comeBack(log)
        let due = ContinuousClock.now + Self.patience
        state.withLockedValue { state in
            guard state.sessions[log.session]?.accounts[log.stream] != nil else { return }
            while let oldest = state.ended.first, state.sessions[oldest.session]?.accounts[oldest.stream] == nil {
                state.ended.removeFirst()
            }
            state.sessions[log.session]?.ended.append(log.stream)
            state.ended.append(Ended(session: log.session, stream: log.stream, due: due))
            sweepLater(&state)
        }
    }

    /// Forgets a stream.
    func remove(_ log: EventLog) {
        state.withLockedValue { $0.remove(log.stream, of: log.session) }
    }

    /// Forgets the streams of a session, and gives up those without their clients.
    func end(session: UInt128) {
        let logs = state.withLockedValue { $0.sessions[session]?.accounts.values.map(\.log) ?? [] }
        for log in logs {
            log.giveUp()
            remove(log)
        }
    }

    /// Gives up what goes on without its client, and lets nothing more do so.
    func drain() {
        let logs = state.withLockedValue { state in
            state.isDraining = true
            return state.sessions.values.flatMap { $0.accounts.values.filter(\.isLeft).map(\.log) }
        }
        for log in logs { log.giveUp() }
    }

    /// One timer for all that has ended.
    private func sweepLater(_ state: inout State) {
        guard !state.isSweeping, let due = state.ended.first?.due else { return }
        state.isSweeping = true
        _ = timers.add(due: due) { [weak self] in
            self?.state.withLockedValue { state in
                while let oldest = state.ended.first, oldest.due <= due {
                    state.ended.removeFirst()
                    state.remove(oldest.stream, of: oldest.session)
                }
                state.isSweeping = false
                self?.sweepLater(&state)
            }
        }
    }
}
