import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Writes the response to one request onto its connection. Used by the request's task; hops to the loop once a call.
final class HTTPResponseWriter: ResponseWriter {
    /// What has been sent, for the access log and metrics.
    struct Progress: Sendable {
        var status: Int?
        var bytesSent = 0
        var isFinished = false
    }

    private let handler: NIOLoopBound<HTTPConnectionHandler>
    private let eventLoop: any EventLoop
    private let requestID: String
    private let isHead: Bool
    private let state = NIOLockedValueBox(Progress())

    init(handler: NIOLoopBound<HTTPConnectionHandler>, eventLoop: any EventLoop, request: InboundRequest) {
        self.handler = handler
        self.eventLoop = eventLoop
        requestID = request.id
        isHead = request.head.method == .head
    }

    var progress: Progress { state.withLockedValue { $0 } }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        let response = stamped(head)
        let isHead = isHead
        guard start(status: head.status.code, bytes: body.readableBytes, finishes: true) else { return }
        eventLoop.execute { [handler] in
            let handler = handler.value
            handler.writeHead(response, contentLength: body.readableBytes)
            if body.readableBytes > 0, !isHead { handler.writeBody(body, promise: nil) }
            handler.finish(complete: true)
        }
    }

    func begin(_ head: HTTPResponse) async throws {
        let response = stamped(head)
        guard start(status: head.status.code, bytes: 0, finishes: false) else { return }
        eventLoop.execute { [handler] in
            handler.value.writeHead(response, contentLength: nil)
            handler.value.flush()
        }
    }

    func write(_ bytes: ByteBuffer) async throws {
        guard !isHead, bytes.readableBytes > 0 else { return }
        state.withLockedValue { $0.bytesSent += bytes.readableBytes }
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { [handler] in
            handler.value.writeBody(bytes, promise: promise)
            handler.value.flush()
        }
        try await promise.futureResult.get()
    }

    func end() async throws {
        guard finish() else { return }
        eventLoop.execute { [handler] in handler.value.finish(complete: true) }
    }

    /// Closes the connection of a response that was begun and cannot be completed: a cut is the only honest ending.
    func abandon() {
        guard finish() else { return }
        eventLoop.execute { [handler] in handler.value.finish(complete: false) }
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
        head.headerFields[.requestID] = requestID
        return head
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    static let requestID = HTTPField.Name("x-request-id") ?? .via
}
