import HTTPTypes
import HubCore
import NIOCore

/// What one HTTP/1.1 connection of a caller is doing, and what comes next. No input or output: the handler feeds it and
/// carries out what it returns.
///
/// One request is answered at a time; what a caller pipelines behind it waits as bytes. Time is a value.
struct HTTPConnectionStateMachine {
    /// What the handler is to do.
    enum Action: Equatable {
        case none
        /// Send `100 Continue`.
        case sendContinue
        /// Hand the request to the responder.
        case dispatch(HTTPRequest, ByteBuffer)
        /// Answer this and close; nothing after it on the connection is read.
        case refuse(HTTP1Error)
        /// Close, after what is written has gone out.
        case close
        /// Close at once: the caller takes nothing.
        case cut
    }

    private enum State {
        /// Between two requests.
        case idle
        /// The head of a request has begun to arrive.
        case head
        case body(HTTP1RequestHead, ByteBuffer)
        /// Being answered.
        case responding(keepAlive: Bool, isHTTP10: Bool)
        /// Refused or closing: what comes in is dropped.
        case closed
    }

    private var state = State.head
    private let bounds: ListenerBounds
    private var deadline: NIODeadline?
    /// Until when requests are still awaited, once the hub stops.
    private var drainEnd: NIODeadline?
    private var stall = WriteStall()

    /// A connection that begins at `now`; its first head is awaited.
    init(bounds: ListenerBounds, now: NIODeadline) {
        self.bounds = bounds
        deadline = now + TimeAmount(bounds.headerTime)
    }

    /// Whether the next request may be read.
    var isReceiving: Bool {
        switch state {
        case .idle, .head, .body: true
        case .responding, .closed: false
        }
    }
    var isResponding: Bool { if case .responding = state { true } else { false } }
    var isClosed: Bool { if case .closed = state { true } else { false } }
    /// Whether the connection may go over to another protocol (RFC 9110 §7.8).
    var allowsUpgrade: Bool { if case .responding(_, let isHTTP10) = state { !isHTTP10 } else { false } }
    /// How many bytes of the body of the request that is arriving are held.
    var heldBytes: Int { if case .body(_, let body) = state { body.readableBytes } else { 0 } }

    /// Bytes came while a request was awaited.
    mutating func receivedBytes(now: NIODeadline) {
        guard case .idle = state else { return }
        state = .head
        deadline = now + TimeAmount(bounds.headerTime)
    }

    mutating func received(head: HTTP1RequestHead, now: NIODeadline) -> Action {
        switch state {
        case .idle, .head: break
        case .body, .responding, .closed: return .none
        }
        guard !head.isCompressed else { return refuse(HTTP1Error(.unsupportedMediaType, "The body must not be compressed")) }
        guard head.bodyLength ?? 0 <= bounds.bodyBytes else { return refuse(Self.tooLarge(bounds)) }
        state = .body(head, ByteBuffer())
        if head.bodyLength != 0 { deadline = now + TimeAmount(bounds.bodyTime) }
        return head.expectsContinue && head.bodyLength != 0 ? .sendContinue : .none
    }

    mutating func received(body bytes: ByteBuffer) -> Action {
        guard case .body(let head, var body) = state else { return .none }
        guard body.readableBytes + bytes.readableBytes <= bounds.bodyBytes else { return refuse(Self.tooLarge(bounds)) }
        state = .idle  // gives up its reference, so that the buffer grows in place
        body.append(bytes)
        state = .body(head, body)
        return .none
    }

    mutating func receivedEnd() -> Action {
        guard case .body(let head, let body) = state else { return .none }
        state = .responding(keepAlive: head.keepsAlive, isHTTP10: head.isHTTP10)
        deadline = nil
        return .dispatch(head.request, body)
    }

    /// What came cannot be read, or there is no room for it.
    mutating func failed(_ error: HTTP1Error) -> Action {
        isReceiving ? refuse(error) : .none
    }

    /// What the head of the response must say: whether the connection closes after it, and whether it may be in chunks.
    mutating func responseBegins() -> (closes: Bool, isHTTP10: Bool) {
        guard case .responding(let keepAlive, let isHTTP10) = state else { return (true, false) }
        state = .responding(keepAlive: keepAlive && drainEnd == nil, isHTTP10: isHTTP10)
        return (!keepAlive || drainEnd != nil, isHTTP10)
    }

    /// The body has no framing: its end is the connection's.
    mutating func responseEndsWithConnection() {
        if case .responding(_, let isHTTP10) = state { state = .responding(keepAlive: false, isHTTP10: isHTTP10) }
    }

    mutating func responseEnded(complete: Bool, now: NIODeadline) -> Action {
        guard case .responding(let keepAlive, _) = state else { return .none }
        guard complete, keepAlive else {
            state = .closed
            return complete ? .close : .cut
        }
        // The head said that the connection stays, before the hub began to stop: the caller may already be sending on it.
        if let drainEnd, now >= drainEnd {
            state = .closed
            return .close
        }
        state = .idle
        deadline = drainEnd ?? now + TimeAmount(bounds.idleTime)
        return .none
    }

    /// Called every second or two with how many bytes the caller has taken in all, whether more wait for it, and whether too much waits for
    /// all callers.
    mutating func tick(now: NIODeadline, delivered: Int, isBehind: Bool, isCrowded: Bool = false) -> Action {
        if stall.hasLasted(bounds, now: now, delivered: delivered, isBehind: isBehind, isCrowded: isCrowded) {
            state = .closed
            return .cut
        }
        guard let deadline, now >= deadline else { return .none }
        switch state {
        case .idle, .head:
            state = .closed
            return .close
        case .body: return refuse(HTTP1Error(.requestTimeout, "The request took too long to arrive"))
        case .responding, .closed: return .none
        }
    }

    /// The hub stops: a busy connection closes after its answer, an idle one at once or, where a request may be on its way, after one more
    /// answer within `grace`.
    mutating func drain(now: NIODeadline, grace: Duration) -> Action {
        drainEnd = now + TimeAmount(grace)
        switch state {
        case .idle where grace == .zero, .head where grace == .zero:
            state = .closed
            return .close
        case .idle, .head:
            deadline = min(deadline ?? .distantFuture, now + TimeAmount(grace))
            return .none
        case .body, .responding, .closed: return .none
        }
    }

    mutating func connectionClosed() {
        state = .closed
        deadline = nil
    }

    private mutating func refuse(_ error: HTTP1Error) -> Action {
        state = .closed
        deadline = nil
        return .refuse(error)
    }

    private static func tooLarge(_ bounds: ListenerBounds) -> HTTP1Error {
        HTTP1Error(.contentTooLarge, "The body is larger than \(bounds.bodyBytes) bytes")
    }
}
