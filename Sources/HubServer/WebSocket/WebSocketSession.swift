import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The WebSocket as whoever answers sees it, from any task: at once where the task runs on the connection's loop, by a hop where it does not.
final class WebSocketSession: WebSocketConnection {
    private let handler: NIOLoopBound<WebSocketHandler>
    private let eventLoop: any EventLoop
    private let progress: NIOLockedValueBox<HTTPResponseWriter.Progress>
    private let lastWait = Atomic<UInt64>(0)

    /// Made on the loop.
    init(_ handler: WebSocketHandler, eventLoop: any EventLoop, progress: NIOLockedValueBox<HTTPResponseWriter.Progress>) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.eventLoop = eventLoop
        self.progress = progress
    }

    func next() async throws -> WebSocketMessage? {
        // What has come is given out also to a task that is cancelled: the end of a WebSocket is no surprise to its reader.
        if eventLoop.inEventLoop, let result = handler.value.taken() { return try result.get() }
        let id = lastWait.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onLoop { $0.wait(continuation, id: id) }
                // The handler may have run before there was anything to cancel.
                if Task.isCancelled { onLoop { $0.cancelWait(id: id) } }
            }
        } onCancel: {
            eventLoop.execute { [handler] in handler.value.cancelWait(id: id) }
        }
    }

    func send(_ message: WebSocketMessage) async throws {
        if eventLoop.inEventLoop {
            guard handler.value.send(message) else { throw handler.value.ending }
            count(message)
            if handler.value.isWritable { return }
            // The caller is behind: its connection wakes this, also when it closes.
            await withCheckedContinuation { continuation in handler.value.whenWritable { continuation.resume() } }
        } else {
            let failure = await withCheckedContinuation { (continuation: CheckedContinuation<WebSocketClosure?, Never>) in
                onLoop { handler in
                    guard handler.send(message) else { return continuation.resume(returning: handler.ending) }
                    handler.whenWritable { continuation.resume(returning: nil) }
                }
            }
            if let failure { throw failure }
            count(message)
        }
        try Task.checkCancellation()
    }

    func close(code: WebSocketCloseCode, reason: String) async {
        onLoop { $0.close(WebSocketClosure(code, reason)) }
    }

    var closure: WebSocketClosure? {
        get async {
            await withCheckedContinuation { continuation in onLoop { continuation.resume(returning: $0.closure) } }
        }
    }

    /// Whoever answered has ended: closes it, unless that was done.
    func finish(_ closure: WebSocketClosure) { onLoop { $0.finish(closure) } }

    private func count(_ message: WebSocketMessage) {
        progress.withLockedValue { $0.bytesSent += message.bytes.readableBytes }
    }

    private func onLoop(_ body: @escaping @Sendable (WebSocketHandler) -> Void) {
        if eventLoop.inEventLoop {
            body(handler.value)
        } else {
            eventLoop.execute { [handler] in body(handler.value) }
        }
    }
}
