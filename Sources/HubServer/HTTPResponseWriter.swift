import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Writes the response to one request to its sink: at once where the request's task runs on the sink's loop, as it does unless
/// something moved it; by a hop where it does not.
final class HTTPResponseWriter: ResponseWriter {
    /// What has been sent, for the access log and metrics.
    struct Progress: Sendable {
        var status: Int?
        var bytesSent = 0
        var isFinished = false
    }

    private let sink: NIOLoopBound<any ResponseSink>
    private let eventLoop: any EventLoop
    private let requestID: String
    private let offer: WebSocketOffer?
    private let state = NIOLockedValueBox(Progress())
    private let webSocket = NIOLockedValueBox<WebSocketSession?>(nil)

    init(sink: NIOLoopBound<any ResponseSink>, eventLoop: any EventLoop, requestID: String, offer: WebSocketOffer? = nil) {
        self.sink = sink
        self.eventLoop = eventLoop
        self.requestID = requestID
        self.offer = offer
    }

    var progress: Progress { state.withLockedValue { $0 } }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        guard start(status: head.status.code, bytes: body.readableBytes, finishes: true) else { return }
        let response = stamped(head)
        onLoop { $0.respond(response, body: body) }
    }

    func begin(_ head: HTTPResponse) async throws {
        guard start(status: head.status.code, bytes: 0, finishes: false) else { return }
        let response = stamped(head)
        onLoop { $0.begin(response) }
    }

    func write(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        state.withLockedValue { $0.bytesSent += bytes.readableBytes }
        if eventLoop.inEventLoop {
            sink.value.write(bytes)
            if sink.value.isWritable { return }
        } else {
            onLoop { $0.write(bytes) }
        }
        // The reader is behind: its connection wakes this, also when it closes.
        let hasReader = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            onLoop { sink in
                if !sink.whenWritable({ continuation.resume(returning: true) }) { continuation.resume(returning: false) }
            }
        }
        try Task.checkCancellation()
        guard hasReader else { throw CancellationError() }
    }

    func end() async throws {
        guard finish() else { return }
        onLoop { $0.end() }
    }

    func acceptWebSocket(subprotocol: String?) async throws -> any WebSocketConnection {
        guard let offer else { throw HubError(.invalidRequest, "The request does not ask for a WebSocket") }
        guard offer.isSupported else {
            try await refuse(.upgradeRequired, "WebSocket is spoken in version 13", fields: [.secWebSocketVersion: "13"])
            throw HubError(.invalidRequest, "The request asks for another version of WebSocket")
        }
        var fields: HTTPFields = [.upgrade: "websocket", .secWebSocketAccept: offer.acceptance]
        if let subprotocol {
            guard offer.subprotocols.contains(where: { $0.utf8.elementsEqual(subprotocol.utf8) }) else {
                throw HubError(.internal, "The subprotocol was not offered")
            }
            fields[.secWebSocketProtocol] = subprotocol
        }
        guard start(status: HTTPResponse.Status.switchingProtocols.code, bytes: 0, finishes: false) else {
            throw HubError(.internal, "The request is answered already")
        }
        let head = stamped(HTTPResponse(status: .switchingProtocols, headerFields: fields))
        let session = await withCheckedContinuation { (continuation: CheckedContinuation<WebSocketSession?, Never>) in
            onLoop { [eventLoop, state] sink in
                continuation.resume(
                    returning: sink.accept(head).map { WebSocketSession($0, eventLoop: eventLoop, progress: state) })
            }
        }
        guard let session else { throw CancellationError() }
        webSocket.withLockedValue { $0 = session }
        return session
    }

    /// Ends what was begun and not completed. Of a response a cut is the only honest ending; a WebSocket is closed with a word, unless that
    /// was done.
    func abandon(_ ending: WebSocketClosure) {
        let isUnfinished = finish()
        if let session = webSocket.withLockedValue({ $0 }) { return session.finish(ending) }
        guard isUnfinished else { return }
        onLoop { $0.abandon() }
    }

    func cut() {
        if let session = webSocket.withLockedValue({ $0 }) { return session.finish(WebSocketClosure(.policyViolation)) }
        guard !state.withLockedValue({ $0.isFinished }) else { return }
        onLoop { $0.cut() }
    }

    private func onLoop(_ body: @escaping @Sendable (any ResponseSink) -> Void) {
        if eventLoop.inEventLoop {
            body(sink.value)
        } else {
            eventLoop.execute { [sink] in body(sink.value) }
        }
    }

    private func start(status: Int, bytes: Int, finishes: Bool) -> Bool {
        state.withLockedValue {
            guard $0.status == nil, !$0.isFinished else { return false }
            $0.status = status
            $0.bytesSent = bytes
            $0.isFinished = finishes
            return true
        }
    }

    private func finish() -> Bool {
        state.withLockedValue {
            guard !$0.isFinished else { return false }
            $0.isFinished = true
            return true
        }
    }

    private func stamped(_ head: HTTPResponse) -> HTTPResponse {
        var head = head
        head.headerFields.append(HTTPField(name: .requestID, value: requestID))
        return head
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    static let requestID = HTTPField.Name("x-request-id") ?? .via
}
