import HTTPTypes
import HubCore
import NIOCore

/// What one request of an HTTP/2 caller is doing, and what comes next. No input or output: the handler feeds it and carries out what it
/// returns.
struct HTTP2StreamMachine {
    /// What the handler is to do.
    enum Action: Equatable {
        case none
        /// Send an interim answer 100.
        case sendContinue
        /// Hand the request to the responder.
        case dispatch(HTTPRequest, host: String, ByteBuffer)
        /// Answer this; what still comes is dropped.
        case refuse(HTTP1Error)
        /// Reset the stream.
        case reset
    }

    private enum State {
        case idle
        case body(HTTPRequest, host: String, ByteBuffer)
        /// Being answered.
        case responding
        /// The answer is written; until the deadline it may still be on its way.
        case responded
        /// Reset or gone.
        case closed
    }

    private var state = State.idle
    private let bounds: ListenerBounds
    private var deadline: NIODeadline?
    private var stallDeadline: NIODeadline?
    /// Whether the caller has sent all of the request.
    private(set) var isRequestComplete = false

    init(bounds: ListenerBounds) {
        self.bounds = bounds
    }

    /// Whether an answer may be begun or go on.
    var isResponding: Bool { if case .responding = state { true } else { false } }

    mutating func received(head: Result<(HTTPRequest, host: String), HTTP1Error>, isEnd: Bool, now: NIODeadline) -> Action {
        isRequestComplete = isRequestComplete || isEnd
        switch (state, head) {
        case (.idle, .failure(let error)): return refuse(error)
        case (.idle, .success(let (request, host))):
            if isEnd { return dispatch(request, host, ByteBuffer()) }
            state = .body(request, host: host, ByteBuffer())
            deadline = now + TimeAmount(bounds.bodyTime)
            return request.headerFields[.expect]?.lowercased() == "100-continue" ? .sendContinue : .none
        case (.body(let request, let host, let body), _):
            // Trailers: nothing of the hub reads them.
            return isEnd ? dispatch(request, host, body) : .none
        case (.responding, _), (.responded, _), (.closed, _): return .none
        }
    }

    mutating func received(body bytes: ByteBuffer, isEnd: Bool) -> Action {
        isRequestComplete = isRequestComplete || isEnd
        guard case .body(let request, let host, var body) = state else { return .none }
        guard body.readableBytes + bytes.readableBytes <= bounds.bodyBytes else {
            return refuse(HTTP1Error(.contentTooLarge, "The body is larger than \(bounds.bodyBytes) bytes"))
        }
        state = .idle  // gives up its reference, so that the buffer grows in place
        body.writeImmutableBuffer(bytes)
        if isEnd { return dispatch(request, host, body) }
        state = .body(request, host: host, body)
        return .none
    }

    /// There is no room for more of this connection's bodies.
    mutating func foundNoRoom() -> Action {
        guard case .body = state else { return .none }
        return refuse(HTTP1Error(.serviceUnavailable, "Too much is being sent on this connection at once"))
    }

    /// The last byte of the answer is written, of `bytes` that may still be on their way.
    mutating func responded(bytes: Int, now: NIODeadline) {
        guard case .responding = state else { return }
        state = .responded
        // A caller who opens its window a byte at a time must not hold an answer for ever.
        deadline = now + TimeAmount(bounds.writeTime) + .seconds(Int64(bytes / HTTP2Limits.slowestBytesPerSecond))
    }

    /// Called every few seconds.
    mutating func tick(isWritable: Bool, now: NIODeadline) -> Action {
        switch state {
        case .idle, .closed: return .none
        case .body:
            guard let deadline, now >= deadline else { return .none }
            return refuse(HTTP1Error(.requestTimeout, "The request took too long to arrive"))
        case .responding:
            guard !isWritable else {
                stallDeadline = nil
                return .none
            }
            let limit = stallDeadline ?? now + TimeAmount(bounds.writeTime)
            stallDeadline = limit
            return now >= limit ? close() : .none
        case .responded:
            guard let deadline, now >= deadline else { return .none }
            return close()
        }
    }

    /// The stream is gone.
    mutating func closed() {
        state = .closed
    }

    private mutating func close() -> Action {
        state = .closed
        return .reset
    }

    private mutating func dispatch(_ request: HTTPRequest, _ host: String, _ body: ByteBuffer) -> Action {
        state = .responding
        deadline = nil
        return .dispatch(request, host: host, body)
    }

    private mutating func refuse(_ error: HTTP1Error) -> Action {
        state = .responding
        deadline = nil
        return .refuse(error)
    }
}
