import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The events of one stream: what its reader has not taken, and, where the stream can be resumed, what a client that comes back may have
/// missed. At any time at most one reader takes them.
///
/// A stream whose client has left goes on for `EventLogs.patience`, as long as all that the client was not sent can be kept.
final class EventLog: Sendable {
    /// What a reader is to write.
    enum Item: Sendable {
        case event(ByteBuffer)
        case keepAlive
        /// Nothing more for this reader: the stream has ended, or another reader has it, or its client has left.
        case end(isComplete: Bool)
    }

    private struct State {
        var messages: CircularBuffer<ByteBuffer> = []
        /// The numbers of the first message that is there, of the next that the reader takes, and of the first whose bytes are not on the
        /// account.
        var first = 1
        var cursor = 1
        var counted = 1
        var unreadBytes = 0
        var reader: Int?
        var readers = 0
        var displaced: (@Sendable () -> Void)?
        var waiter: CheckedContinuation<Item, Never>?
        var giveUp: (@Sendable () -> Void)?
        var timer: TimerTable.Token?
        var isFinished = false
        var isSettled = false
        /// Whether the request is on the account.
        var isHeld = false
        /// Whether something that the client was not sent is gone, or nobody waits for it any more.
        var isLost = false

        var next: Int { first + messages.count }

        mutating func dropFirst() -> Int {
            first += 1
            counted = max(counted, first)
            return messages.popFirst().map(EventLog.cost) ?? 0
        }
    }

    /// How much a slow reader may leave.
    private static let maximumUnread = ClientBounds.unread
    private static let maximumUnreadBytes = 4 << 20

    let kind: EventID.Kind
    let session: UInt128
    let stream: UInt64
    /// Keeps the account; nil where the stream cannot be resumed.
    private let logs: EventLogs?
    private let isPrimed: Bool
    /// How large the request is that this answers: nobody else counts it once its client has left.
    private let requestBytes: Int
    private let state = NIOLockedValueBox(State())

    /// A stream that cannot be resumed: its events have no ids.
    init() {
        (kind, session, stream, logs, isPrimed, requestBytes) = (.reply, 0, 0, nil, false, 0)
    }

    /// A stream of a session: one that can be resumed, where the revision has that and there is room.
    static func of(_ kind: EventID.Kind, session: SessionToken, requestBytes: Int = 0, logs: EventLogs) -> EventLog {
        guard session.revision >= .v2025_03_26 else { return EventLog() }
        // 2025-11-25 transports, "Sending Messages to the Server": an event without data goes first, so that there is an id to come back with
        // from the beginning on. Earlier clients take it for a message that is no JSON.
        let isPrimed = kind == .reply && session.revision >= .v2025_11_25
        let log = EventLog(kind: kind, session: session.id, isPrimed: isPrimed, requestBytes: requestBytes, logs: logs)
        return logs.add(log) ? log : EventLog()
    }

    private init(kind: EventID.Kind, session: UInt128, isPrimed: Bool, requestBytes: Int, logs: EventLogs) {
        (self.kind, self.session, self.isPrimed, self.requestBytes, self.logs) = (kind, session, isPrimed, requestBytes, logs)
        stream = UInt64.random(in: .min ... .max)
    }

    /// What is written before anything else.
    var opening: ByteBuffer? {
        guard isPrimed else { return nil }
        // A second: what clients wait by themselves, so that all of them do.
        return ByteBuffer(string: "id: \(EventID(kind: kind, stream: stream, number: 0).text)\nretry: 1000\ndata:\n\n")
    }

    private static func cost(_ message: ByteBuffer) -> Int { message.readableBytes + 64 }

    // MARK: The work

    /// Adds a message; false where it is dropped.
    ///
    /// - Parameter isLast: whether it is the reply, for which there is room in any case while the client is there.
    func append(_ message: ByteBuffer, isLast: Bool = false) -> Bool {
        let (isTaken, waiter, item, giveUp): (Bool, CheckedContinuation<Item, Never>?, Item?, (@Sendable () -> Void)?) =
            state.withLockedValue { state in
                guard !state.isFinished, !state.isLost else { return (false, nil, nil, nil) }
                if state.reader == nil {
                    guard logs != nil else { return (false, nil, nil, nil) }
                    add(message, to: &state)
                    return count(to: state.next, in: &state) ? (true, nil, nil, nil) : (false, nil, nil, lose(&state))
                }
                guard isLast || state.next - state.cursor < Self.maximumUnread && state.unreadBytes < Self.maximumUnreadBytes else {
                    return (false, nil, nil, nil)
                }
                add(message, to: &state)
                guard let waiter = state.waiter else { return (true, nil, nil, nil) }
                state.waiter = nil
                return (true, waiter, take(&state), nil)
            }
        if let waiter, let item { waiter.resume(returning: item) }
        giveUp?()
        return isTaken
    }

    /// Has a comment written if the reader waits.
    func keepAlive() {
        let waiter = state.withLockedValue { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .keepAlive)
    }

    /// Whether a reader waits for more.
    var isIdle: Bool { state.withLockedValue { $0.waiter != nil } }

    /// Ends the stream behind what is in it.
    func finish() {
        let (waiter, timer, over) = state.withLockedValue { state in
            state.isFinished = true
            if state.isHeld { logs?.giveBack(requestBytes, of: self) }
            state.isHeld = false
            let found = (state.waiter, state.timer, state.giveUp)
            (state.waiter, state.timer, state.giveUp) = (nil, nil, nil)
            if state.reader == nil || found.0 != nil { settle(&state) }
            return found
        }
        if let timer { logs?.timers.remove(timer) }
        waiter?.resume(returning: .end(isComplete: true))
        over?()
    }

    /// Names what is to be done when the stream ends, or its client does not come back.
    func whenOver(_ over: @escaping @Sendable () -> Void) {
        let isOver = state.withLockedValue { state in
            if !state.isFinished { state.giveUp = over }
            return state.isFinished
        }
        if isOver { over() }
    }

    // MARK: Readers

    /// Begins to read from the beginning on.
    ///
    /// - Parameter displaced: called when another reader takes the stream.
    func attach(displaced: @escaping @Sendable () -> Void = {}) -> Int { attach(after: 0, displaced: displaced) ?? 0 }

    /// Begins to read behind the event of that number, in place of whoever does; nil where what came next is not there any more.
    func attach(after number: Int, displaced: @escaping @Sendable () -> Void) -> Int? {
        typealias Taken = (Int, CheckedContinuation<Item, Never>?, (@Sendable () -> Void)?, TimerTable.Token?)
        let taken = state.withLockedValue { state -> Taken? in
            guard !state.isLost, number >= state.first - 1, number < state.next else { return nil }
            // What a session is told unasked goes on elsewhere once all of this is read.
            if kind == .session, state.isFinished, number == state.next - 1 { return nil }
            let before = (state.waiter, state.displaced, state.timer)
            (state.waiter, state.timer, state.displaced) = (nil, nil, displaced)
            state.readers += 1
            state.reader = state.readers
            state.cursor = number + 1
            state.unreadBytes = state.messages.dropFirst(state.cursor - state.first).reduce(0) { $0 + $1.readableBytes }
            logs?.comeBack(self)
            return (state.readers, before.0, before.1, before.2)
        }
        guard let (reader, waiter, earlier, timer) = taken else { return nil }
        if let timer { logs?.timers.remove(timer) }
        waiter?.resume(returning: .end(isComplete: false))
        earlier?()
        return reader
    }

    /// What the reader is to write next; waits for it.
    func next(_ reader: Int) async -> Item {
        await withCheckedContinuation { continuation in
            let item: Item? = state.withLockedValue { state in
                guard state.reader == reader else { return .end(isComplete: false) }
                if state.cursor < state.next { return take(&state) }
                guard !state.isFinished else {
                    settle(&state)
                    return .end(isComplete: true)
                }
                state.waiter = continuation
                return nil
            }
            if let item { continuation.resume(returning: item) }
        }
    }

    /// The client of a reader has left. True: the stream goes on without it, until it is back, or what was given to do when it does not come
    /// back has been done. False: nothing is changed.
    func leave(_ reader: Int, giveUp: (@Sendable () -> Void)? = nil) -> Bool {
        let (isKept, waiter): (Bool, CheckedContinuation<Item, Never>?) = state.withLockedValue { state in
            guard let logs, !state.isLost, !state.isFinished, isPrimed || state.next > 1 else { return (false, nil) }
            if state.reader.map({ $0 != reader }) ?? (state.timer != nil) {
                // Another has it, or had it and has left it.
                if let giveUp { state.giveUp = giveUp }
                return (true, nil)
            }
            guard hold(in: &state), count(to: state.next, in: &state), logs.leave(self) else { return (false, nil) }
            if let giveUp { state.giveUp = giveUp }
            state.timer = logs.timers.add(due: .now + EventLogs.patience) { [weak self] in self?.giveUp() }
            return (true, release(reader, in: &state))
        }
        waiter?.resume(returning: .end(isComplete: false))
        return isKept
    }

    /// A reader reads no more, and nobody comes back.
    func abandon(_ reader: Int) {
        let (waiter, giveUp): (CheckedContinuation<Item, Never>?, (@Sendable () -> Void)?) = state.withLockedValue { state in
            guard state.reader == reader else { return (nil, nil) }
            return (release(reader, in: &state), state.isFinished ? nil : lose(&state))
        }
        waiter?.resume(returning: .end(isComplete: false))
        giveUp?()
    }

    /// A reader reads no more; who had it read decides what becomes of the stream.
    func release(_ reader: Int) {
        let waiter = state.withLockedValue { release(reader, in: &$0) }
        waiter?.resume(returning: .end(isComplete: false))
    }

    /// Ends what goes on without its client.
    func giveUp() {
        let giveUp = state.withLockedValue { state -> (@Sendable () -> Void)? in
            guard state.reader == nil, !state.isFinished else { return nil }
            return lose(&state)
        }
        giveUp?()
    }

    // MARK: What is kept

    private func add(_ message: ByteBuffer, to state: inout State) {
        state.messages.append(message)
        state.unreadBytes += message.readableBytes
    }

    private func take(_ state: inout State) -> Item {
        let number = state.cursor
        let message = state.messages[offset: number - state.first]
        state.cursor += 1
        state.unreadBytes -= message.readableBytes
        if logs == nil {
            _ = state.dropFirst()
        } else if !count(to: state.cursor, in: &state) {
            // No room: who comes back after this is told that it is too late.
            while state.first < state.cursor {
                let isCounted = state.first < state.counted
                let cost = state.dropFirst()
                if isCounted { logs?.giveBack(cost, of: self) }
            }
        }
        var frame = ByteBuffer()
        if logs != nil { frame.writeString("id: \(EventID(kind: kind, stream: stream, number: number).text)\n") }
        SSEEncoder.write(event: "message", json: message, to: &frame)
        return .event(frame)
    }

    private func hold(in state: inout State) -> Bool {
        guard let logs, !state.isHeld else { return true }
        state.isHeld = logs.take(requestBytes, for: self)
        if !state.isHeld { logs.refusals.count(.keptEvents) }
        return state.isHeld
    }

    /// Puts messages on the account; makes room of what the reader has taken.
    private func count(to end: Int, in state: inout State) -> Bool {
        guard let logs else { return false }
        while state.counted < end {
            let cost = Self.cost(state.messages[offset: state.counted - state.first])
            while !logs.take(cost, for: self) {
                guard state.first < min(state.cursor, state.counted) else {
                    logs.refusals.count(.keptEvents)
                    return false
                }
                logs.giveBack(state.dropFirst(), of: self)
            }
            state.counted += 1
        }
        return true
    }

    private func release(_ reader: Int, in state: inout State) -> CheckedContinuation<Item, Never>? {
        guard state.reader == reader else { return nil }
        defer { (state.reader, state.waiter, state.displaced) = (nil, nil, nil) }
        if state.isFinished, !state.isSettled {
            if count(to: state.next, in: &state) { settle(&state) } else { _ = lose(&state) }
        }
        return state.waiter
    }

    private func settle(_ state: inout State) {
        guard !state.isSettled else { return }
        state.isSettled = true
        logs?.end(self)
    }

    /// Forgets all; gives what there is to do then.
    private func lose(_ state: inout State) -> (@Sendable () -> Void)? {
        state.isLost = true
        state.messages = []
        state.unreadBytes = 0
        logs?.remove(self)
        if let timer = state.timer { logs?.timers.remove(timer) }
        defer { (state.giveUp, state.timer) = (nil, nil) }
        return state.giveUp
    }
}
