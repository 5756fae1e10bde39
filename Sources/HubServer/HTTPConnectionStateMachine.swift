import HTTPTypes
import NIOCore

/// What one HTTP/1.1 connection of a caller is doing, and what comes next. No input or output: the handler feeds it and
/// carries out what it returns.
///
/// One request is answered at a time. What a caller pipelines behind it waits decoded, within a bound; reading pauses
/// past it. Time is a value: the deadline is a number of nanoseconds of the loop's clock.
struct HTTPConnectionStateMachine {
    /// What the handler is to do.
    enum Action: Equatable {
        case none
        /// Send `100 Continue`.
        case sendContinue
        /// Hand the request to the responder.
        case dispatch(HTTPRequest, ByteBuffer)
        /// Answer this and close; nothing after it on the connection is read.
        case refuse(FramingError)
        /// Close.
        case close
    }

    private enum State {
        /// Waiting for a request; `hasBegun` when its first bytes may have come.
        case idle
        case body(HTTPRequest, ByteBuffer)
        /// Being answered.
        case responding(keepAlive: Bool)
        /// Refused or closing: what comes in is dropped.
        case closed
    }

    private var state = State.idle
    private let bounds: ListenerBounds
    private(set) var deadline: NIODeadline?
    private var isDraining = false

    init(bounds: ListenerBounds, now: NIODeadline) {
        self.bounds = bounds
        deadline = now + TimeAmount(bounds.headerTime)
    }

    var isResponding: Bool { if case .responding = state { true } else { false } }
    var isClosed: Bool { if case .closed = state { true } else { false } }

    mutating func received(head: Result<HTTPRequest, FramingError>, now: NIODeadline) -> Action {
        guard case .idle = state else { return .none }
        switch head {
        case .failure(let error):
            return refuse(error)
        case .success(let request):
            state = .body(request, ByteBuffer())
            deadline = now + TimeAmount(bounds.bodyTime)
            return request.headerFields[.expect]?.lowercased() == "100-continue" ? .sendContinue : .none
        }
    }

    mutating func received(body bytes: ByteBuffer) -> Action {
        guard case .body(let request, var body) = state else { return .none }
        guard body.readableBytes + bytes.readableBytes <= bounds.bodyBytes else {
            return refuse(FramingError(status: .contentTooLarge, message: "The body is larger than \(bounds.bodyBytes) bytes"))
        }
        state = .idle  // gives up its reference, so that the buffer grows in place
        if body.readableBytes == 0 {
            body = bytes
        } else {
            body.writeImmutableBuffer(bytes)
        }
        state = .body(request, body)
        return .none
    }

    mutating func receivedEnd() -> Action {
        guard case .body(let request, let body) = state else { return .none }
        state = .responding(keepAlive: Self.keepsAlive(request))
        deadline = nil
        return .dispatch(request, body)
    }

    /// The decoder gave up: nothing more can be read.
    mutating func receivedGarbage() -> Action {
        switch state {
        case .idle, .body: refuse(FramingError(status: .badRequest, message: "The request is not HTTP/1.1"))
        case .responding, .closed: .none
        }
    }

    /// Whether the head of the response must say that the connection closes.
    mutating func responseBegins() -> Bool {
        guard case .responding(let keepAlive) = state else { return true }
        state = .responding(keepAlive: keepAlive && !isDraining)
        return !(keepAlive && !isDraining)
    }

    mutating func responseEnded(complete: Bool, now: NIODeadline) -> Action {
        guard case .responding(let keepAlive) = state else { return .none }
        guard complete, keepAlive else {
            state = .closed
            return .close
        }
        state = .idle
        deadline = now + TimeAmount(bounds.idleTime)
        return .none
    }

    /// Called every few seconds.
    mutating func tick(now: NIODeadline) -> Action {
        guard let deadline, now >= deadline else { return .none }
        switch state {
        case .idle:
            state = .closed
            return .close
        case .body: return refuse(FramingError(status: .requestTimeout, message: "The request took too long to arrive"))
        case .responding, .closed: return .none
        }
    }

    /// The hub stops: an idle connection closes at once, a busy one after its answer.
    mutating func drain() -> Action {
        isDraining = true
        guard case .idle = state else { return .none }
        state = .closed
        return .close
    }

    mutating func connectionClosed() {
        state = .closed
        deadline = nil
    }

    private mutating func refuse(_ error: FramingError) -> Action {
        state = .closed
        deadline = nil
        return .refuse(error)
    }

    private static func keepsAlive(_ request: HTTPRequest) -> Bool {
        let options = (request.headerFields[.connection] ?? "").lowercased().split(separator: ",").map { $0.trimmed }
        // The decoder reads no further behind an upgrade that is asked for, and none is granted.
        return !options.contains("close") && request.headerFields[.upgrade] == nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
