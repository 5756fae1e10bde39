import NIOCore

/// What one exchange is doing: waiting for its connection, for the head of its answer, for the rest of it; and until when.
///
/// No input or output: the exchange feeds it and carries out what it returns. The times of `UpstreamTimeouts` are kept like this:
/// 1. `total` counts from the beginning to the last byte, whoever is slow.
/// 2. `firstByte` counts from the last byte of the request to the head of the answer.
/// 3. `idle` counts while the hub waits for bytes of the answer, or for the upstream to take more of the request; not while reading is
///    paused because the hub's own reader is slow.
struct ExchangeStateMachine {
    /// How an exchange leaves its connection.
    enum Ended: Equatable {
        /// Free for the next.
        case reusable
        /// To be closed.
        case unusable
    }

    private enum State {
        case queued
        case awaitingHead
        case streaming(isPaused: Bool)
        case ended
        case failed(UpstreamFailure)
    }

    private var state = State.queued
    private let timeouts: UpstreamTimeouts
    private let totalDeadline: NIODeadline
    private let unreadBytes: Int
    private var stageDeadline: NIODeadline?
    private var isRequestSent = false
    private var hasReceivedBytes = false
    private var keepsAlive = false
    private var wasKept = false

    init(timeouts: UpstreamTimeouts, totalDeadline: NIODeadline, unreadBytes: Int) {
        self.timeouts = timeouts
        self.totalDeadline = totalDeadline
        self.unreadBytes = unreadBytes
    }

    /// Whether it still waits for a connection.
    var isQueued: Bool { if case .queued = state { true } else { false } }
    /// Whether nothing more will come.
    var isOver: Bool {
        switch state {
        case .ended, .failed: true
        case .queued, .awaitingHead, .streaming: false
        }
    }
    /// Whether the answer is complete.
    var isComplete: Bool { if case .ended = state { true } else { false } }
    /// Why nothing more will come.
    var failure: UpstreamFailure? { if case .failed(let failure) = state { failure } else { nil } }

    /// It has a connection and begins to send.
    mutating func began(wasKept: Bool, now: NIODeadline) {
        guard case .queued = state else { return }
        self.wasKept = wasKept
        state = .awaitingHead
        stageDeadline = now + TimeAmount(timeouts.idle)
    }

    /// The connection took a piece of the request.
    mutating func sentBytes(now: NIODeadline) {
        if case .awaitingHead = state { stageDeadline = now + TimeAmount(timeouts.idle) }
    }

    /// The connection took the last byte of the request.
    mutating func sentRequest(now: NIODeadline) {
        isRequestSent = true
        if case .awaitingHead = state { stageDeadline = now + TimeAmount(timeouts.firstByte) }
    }

    /// Something came, whatever it is.
    mutating func receivedBytes() { hasReceivedBytes = true }

    /// The head of the answer came.
    mutating func receivedHead(keepsAlive: Bool, now: NIODeadline) {
        guard case .awaitingHead = state else { return }
        self.keepsAlive = keepsAlive
        state = .streaming(isPaused: false)
        stageDeadline = now + TimeAmount(timeouts.idle)
    }

    /// Bytes of the body came, and `unread` of them wait for the reader; gives whether reading is to pause.
    mutating func receivedBody(unread: Int, now: NIODeadline) -> Bool {
        guard case .streaming(let isPaused) = state, !isPaused else { return false }
        guard unread > unreadBytes else {
            stageDeadline = now + TimeAmount(timeouts.idle)
            return false
        }
        state = .streaming(isPaused: true)
        stageDeadline = nil
        return true
    }

    /// The reader took all that waited; gives whether reading is to go on.
    mutating func readerTookAll(now: NIODeadline) -> Bool {
        guard case .streaming(isPaused: true) = state else { return false }
        state = .streaming(isPaused: false)
        stageDeadline = now + TimeAmount(timeouts.idle)
        return true
    }

    /// The answer is complete; `surplus` where more bytes than belong to it have come.
    mutating func receivedEnd(surplus: Bool) -> Ended {
        guard case .streaming(let isPaused) = state else { return .unusable }
        state = .ended
        // An upstream that answers before it has read the request may take the rest of it for the next one; a paused connection would not
        // notice what comes while it is kept.
        return keepsAlive && isRequestSent && !surplus && !isPaused ? .reusable : .unusable
    }

    /// Nothing more will come; gives whether that was news.
    mutating func failed(_ failure: UpstreamFailure) -> Bool {
        guard !isOver else { return false }
        state = .failed(failure)
        stageDeadline = nil
        return true
    }

    /// The connection ended or broke; gives whether that was news.
    mutating func connectionClosed(_ error: (any Error)?) -> Bool {
        if case .awaitingHead = state, !hasReceivedBytes { return failed(.closedUnanswered(wasKept: wasKept)) }
        return failed(.brokenOff(error))
    }

    /// Gives what is over at `now`, if anything.
    func tick(now: NIODeadline) -> UpstreamFailure? {
        guard !isOver, now >= totalDeadline || stageDeadline.map({ now >= $0 }) ?? false else { return nil }
        return .timeout
    }
}
