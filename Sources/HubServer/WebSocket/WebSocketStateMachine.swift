import HubCore
import NIOCore

/// What one WebSocket of a caller is doing, and what comes next: frames in, actions out. No input or output: the handler feeds it and carries
/// out what it returns. Time is a value.
struct WebSocketStateMachine {
    /// What the handler is to do.
    enum Action: Equatable {
        case none
        /// Give this to the reader.
        case deliver(WebSocketMessage)
        /// Answer a ping; where the caller does not read, the answer to the last one is enough.
        case pong(ByteBuffer)
        /// Ask whether the caller is there.
        case ping
        /// Send this close frame, and wait for the caller's.
        case close(WebSocketClosure)
        /// The caller closed first: answer with this, and end the connection.
        case answerClose(WebSocketClosure)
        /// Both have closed: end the connection.
        case end
        /// The caller is not to be spoken with any more: say why, and end the connection.
        case fail(WebSocketClosure)
        /// End the connection at once.
        case cut
    }

    private enum State {
        case open
        /// The hub has sent its close frame, and waits for the caller's until then.
        case closing(until: NIODeadline)
        case closed
    }

    /// A frame whose payload is arriving.
    private struct Frame {
        var header: WebSocketFrameHeader
        var mask: WebSocketMask
        var left: Int
    }

    /// A message of which frames have come.
    private struct Message {
        var isText: Bool
        var bytes = ByteBuffer()
    }

    private var state = State.open
    private let bounds: ListenerBounds
    private var frame: Frame?
    private var message: Message?
    private var control = ByteBuffer()
    private var lastHeard: NIODeadline
    private var asked: NIODeadline?
    private var incompleteSince: NIODeadline?
    private var stall = WriteStall()
    private var delivered = 0

    /// How long a silent caller is left alone, and how long it may then take to answer.
    static let pingTime = TimeAmount.seconds(30)
    /// How long the caller may take to answer a close frame.
    static let closeTime = TimeAmount.seconds(5)

    /// A WebSocket that opens at `now`.
    init(bounds: ListenerBounds, now: NIODeadline) {
        self.bounds = bounds
        lastHeard = now
    }

    var isOpen: Bool { if case .open = state { true } else { false } }
    var isClosed: Bool { if case .closed = state { true } else { false } }
    /// How many bytes of the message that is arriving are held.
    var heldBytes: Int { message?.bytes.readableBytes ?? 0 }

    /// Bytes came.
    mutating func heard(now: NIODeadline) {
        lastHeard = now
        asked = nil
    }

    /// Takes what has come up to the next thing to do; nil where more must come first.
    mutating func next(from input: inout ByteBuffer, now: NIODeadline) -> Action? {
        while !isClosed {
            do throws(WebSocketClosure) {
                guard var frame = try begin(from: &input) else { break }
                takePayload(of: &frame, from: &input)
                guard frame.left == 0 else {
                    self.frame = frame
                    break
                }
                self.frame = nil
                let action = try ended(frame.header)
                incompleteSince = message == nil ? nil : incompleteSince ?? now
                if action != .none { return action }
            } catch {
                return failed(error)
            }
        }
        let isBetween = frame == nil && message == nil && input.readableBytes == 0
        incompleteSince = isBetween ? nil : incompleteSince ?? now
        return nil
    }

    /// The frame that is arriving, or the next.
    private mutating func begin(from input: inout ByteBuffer) throws(WebSocketClosure) -> Frame? {
        if let frame { return frame }
        guard let header = try WebSocketFrameHeader.read(from: &input, isMasked: true) else { return nil }
        switch header.opcode {
        case .text, .binary:
            guard message == nil else { throw .broken("A message begins within another") }
            message = Message(isText: header.opcode == .text)
        case .continuation: guard message != nil else { throw .broken("There is no message to continue") }
        case .close, .ping, .pong: control = ByteBuffer()
        }
        guard header.opcode.isControl || header.length <= bounds.bodyBytes - heldBytes else {
            throw WebSocketClosure(.tooLarge, "The message is larger than \(bounds.bodyBytes) bytes")
        }
        return Frame(header: header, mask: header.mask ?? WebSocketMask(0), left: header.length)
    }

    private mutating func takePayload(of frame: inout Frame, from input: inout ByteBuffer) {
        let count = min(frame.left, input.readableBytes)
        frame.left -= count
        if frame.header.opcode.isControl {
            frame.mask.move(count, from: &input, to: &control)
        } else if isOpen, var message {
            self.message = nil  // gives up its reference, so that the buffer grows in place
            frame.mask.move(count, from: &input, to: &message.bytes)
            self.message = message
        } else {
            input.moveReaderIndex(forwardBy: count)  // after the hub's close frame nobody reads it
        }
    }

    /// A frame is complete.
    private mutating func ended(_ header: WebSocketFrameHeader) throws(WebSocketClosure) -> Action {
        switch header.opcode {
        case .text, .binary, .continuation:
            guard header.isFinal, let message else { return .none }
            self.message = nil
            guard isOpen else { return .none }
            guard message.isText else { return .deliver(.binary(message.bytes)) }
            guard (try? UTF8Span(validating: message.bytes.readableBytesUInt8Span)) != nil else {  // where it is wrong is of no interest
                throw WebSocketClosure(.invalidData, "A message of text is not UTF-8")
            }
            return .deliver(.text(message.bytes))
        case .ping: return isOpen ? .pong(control) : .none
        case .pong: return .none
        case .close:
            let closure = try WebSocketClosure(payload: control)
            defer { state = .closed }
            return isOpen ? .answerClose(closure) : .end
        }
    }

    /// What came cannot be taken.
    mutating func failed(_ closure: WebSocketClosure) -> Action {
        defer { connectionClosed() }
        switch state {
        case .open: return .fail(closure)
        case .closing: return .cut
        case .closed: return .none
        }
    }

    /// The hub closes.
    mutating func close(_ closure: WebSocketClosure, now: NIODeadline) -> Action {
        guard isOpen else { return .none }
        state = .closing(until: now + Self.closeTime)
        message?.bytes = ByteBuffer()
        return .close(closure)
    }

    /// Called every second or two with how many bytes the caller has taken in all, whether more wait for it, whether too much waits for all
    /// callers, and whether what it sends is read at present: who is not read cannot be heard.
    mutating func tick(now: NIODeadline, delivered: Int, isBehind: Bool, isCrowded: Bool = false, isReading: Bool) -> Action {
        let hasTaken = isBehind && delivered != self.delivered
        self.delivered = delivered
        if stall.hasLasted(bounds, now: now, delivered: delivered, isBehind: isBehind, isCrowded: isCrowded) { return cut() }
        switch state {
        case .closed: return .none
        case .closing(let end):
            guard !isBehind else {
                state = .closing(until: now + Self.closeTime)  // the close frame has not reached the caller
                return .none
            }
            return now >= end ? cut() : .none
        case .open: break
        }
        guard isReading else {
            heard(now: now)
            if incompleteSince != nil { incompleteSince = now }
            return .none
        }
        if let incompleteSince, now >= incompleteSince + TimeAmount(bounds.bodyTime) {
            return failed(WebSocketClosure(.policyViolation, "The message took too long to arrive"))
        }
        // Who takes what waits is there, and cannot have seen a ping behind it.
        if hasTaken { heard(now: now) }
        if let asked {
            return now >= asked + Self.pingTime ? failed(WebSocketClosure(.internalError, "No answer to a ping")) : .none
        }
        guard now >= lastHeard + Self.pingTime else { return .none }
        asked = now
        return .ping
    }

    private mutating func cut() -> Action {
        connectionClosed()
        return .cut
    }

    mutating func connectionClosed() {
        state = .closed
        frame = nil
        message = nil
    }
}
