import NIOCore
import NIOHTTP2

/// What one HTTP/2 connection of a caller is doing as a whole: how long it may be idle, how it ends, and what of its traffic is abuse that
/// NIO does not count. No input or output.
struct HTTP2ConnectionMachine {
    /// What the handler is to do.
    enum Action: Equatable {
        case none
        /// Say that no more requests are taken than those up to this one; nil is all that may be on their way.
        case announceEnd(last: HTTP2StreamID?)
        /// Say so, with the reason, and close; without one, it has been said.
        case close(HTTP2ErrorCode?)
    }

    private enum State: Equatable {
        case open
        /// The end is announced; until then, the caller may not have heard of it.
        case ending(until: NIODeadline)
        /// The last request that is answered is named.
        case ended
        case closing
    }

    private var state = State.open
    private let bounds: ListenerBounds
    private var streams = 0
    private(set) var lastStream = HTTP2StreamID.rootStream
    private var idleDeadline: NIODeadline?
    private var errors: EventCount
    private var updates: EventCount

    /// A connection whose first request is due `headerTime` after `start`, the beginning of its handshake.
    init(bounds: ListenerBounds, start: NIODeadline) {
        self.bounds = bounds
        idleDeadline = start + TimeAmount(bounds.headerTime)
        errors = EventCount(start: start)
        updates = EventCount(start: start)
    }

    /// Whether requests are still taken.
    var isClosing: Bool { state == .closing }

    mutating func opened(_ stream: HTTP2StreamID) {
        streams += 1
        lastStream = max(lastStream, stream)
        idleDeadline = nil
    }

    mutating func closed(now: NIODeadline) -> Action {
        streams -= 1
        guard streams == 0 else { return .none }
        idleDeadline = now + TimeAmount(bounds.idleTime)
        return state == .ended ? close(.noError) : .none
    }

    /// A request was refused for what is wrong with it.
    mutating func refused(now: NIODeadline) -> Action {
        errors.add(now: now) > HTTP2Limits.errors ? close(.enhanceYourCalm) : .none
    }

    /// The caller opened a window.
    mutating func receivedWindowUpdate(now: NIODeadline) -> Action {
        updates.add(now: now) > HTTP2Limits.updates + updates.credit ? close(.enhanceYourCalm) : .none
    }

    /// A piece of an answer was written, for which the caller will open windows again: that of the stream and that of the connection, maybe
    /// in several steps.
    mutating func wrote(bytes: Int) {
        updates.credit(4 + bytes / HTTP2Limits.bytesPerUpdate)
    }

    /// The caller did what no caller may; `isKnown` where it has been told so.
    mutating func receivedNonsense(isKnown: Bool) -> Action { close(isKnown ? nil : .protocolError) }

    /// The hub stops. What the caller sent before it heard of that is still answered.
    mutating func drain(now: NIODeadline, grace: Duration) -> Action {
        guard case .open = state else { return .none }
        guard streams > 0 || grace > .zero else { return close(.noError) }
        state = .ending(until: now + max(TimeAmount(grace), HTTP2Limits.hearingTime))
        return .announceEnd(last: nil)
    }

    /// Called every few seconds.
    mutating func tick(now: NIODeadline) -> Action {
        if case .ending(let end) = state {
            guard now >= end else { return .none }
            guard streams > 0 else { return close(.noError) }
            state = .ended
            return .announceEnd(last: lastStream)
        }
        guard let idleDeadline, now >= idleDeadline else { return .none }
        return close(.noError)
    }

    private mutating func close(_ code: HTTP2ErrorCode?) -> Action {
        guard state != .closing else { return .none }
        state = .closing
        return .close(code)
    }
}

/// Counts events of a kind, anew in each stretch of time.
private struct EventCount {
    private var count = 0
    private var end: NIODeadline
    private var credits = (before: 0, now: 0)

    init(start: NIODeadline) {
        end = start + HTTP2Limits.countingTime
    }

    /// How many events were earned in this stretch and the one before, whose events may still come.
    var credit: Int { credits.before + credits.now }

    mutating func credit(_ events: Int) {
        credits.now += events
    }

    /// Counts one, and says how many there were in this stretch.
    mutating func add(now: NIODeadline) -> Int {
        if now >= end {
            end = now + HTTP2Limits.countingTime
            count = 0
            credits = (credits.now, 0)
        }
        count += 1
        return count
    }
}
