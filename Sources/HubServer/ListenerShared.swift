import HTTPTypes
import HubCore
import Logging
import NIOCore
import Synchronization

/// What all connections of one listener share.
final class ListenerShared: Sendable {
    let bounds: ListenerBounds
    let door: ListenerDoor
    let admission: Admission
    let logger: Logger
    private let responder: any HTTPResponder
    private let observer: (any ExchangeObserver)?
    private let loops: [ObjectIdentifier: ListenerLoop]

    init(
        bounds: ListenerBounds, door: ListenerDoor, responder: any HTTPResponder, observer: (any ExchangeObserver)?, logger: Logger,
        eventLoops: some Sequence<any EventLoop>
    ) {
        self.bounds = bounds
        self.door = door
        self.responder = responder
        self.observer = observer
        self.logger = logger
        admission = Admission(bounds: bounds)
        loops = Dictionary(eventLoops.map { (ObjectIdentifier($0), ListenerLoop($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The listener's part on one loop of its group.
    func loop(of eventLoop: any EventLoop) -> ListenerLoop { loops[ObjectIdentifier(eventLoop)] ?? ListenerLoop(eventLoop) }

    /// Waits until every loop has done what it was given before.
    func settle() async {
        for loop in loops.values { try? await loop.eventLoop.submit {}.get() }  // fails where the loop has ended
    }

    func drain(grace: Duration) {
        for loop in loops.values { loop.drain(grace: grace) }
    }

    func cancelWork() {
        for loop in loops.values { loop.cancelWork() }
    }

    func cut() {
        for loop in loops.values { loop.cut() }
    }

    /// Has a request answered, on the loop that its connection lives on. The work begins at once, so that the response may be written before
    /// this returns.
    ///
    /// Ends with the last byte of the response; whoever owns the sink cancels the task when the caller leaves. Awaited by nobody, counted by
    /// `admission`.
    func dispatch(
        head: HTTPRequest, host: String, body: ByteBuffer, webSocket: WebSocketOffer? = nil, sink: any ResponseSink, remoteAddress: String,
        on loop: ListenerLoop
    ) -> Task<Void, Never> {
        var request = InboundRequest(
            head: head, host: host, body: body, id: RequestID.make(), remoteAddress: remoteAddress, logger: logger)
        request.isOverload = !admission.beginRequest(from: remoteAddress)
        request.webSocket = webSocket
        let writer = HTTPResponseWriter(
            sink: NIOLoopBound(sink, eventLoop: loop.eventLoop), eventLoop: loop.eventLoop, requestID: request.id,
            offer: webSocket)
        return Task.immediate(executorPreference: loop.executor) { [self, request] in await answer(request, writer: writer) }
    }

    /// Answers one request to its end, whatever the responder does.
    private func answer(_ request: InboundRequest, writer: HTTPResponseWriter) async {
        let start = ContinuousClock.now
        observer?.began()
        var ending = WebSocketClosure(.normal)
        do {
            try await responder.respond(to: request, writer: writer)
        } catch is CancellationError {
            ending = WebSocketClosure(.goingAway)
            request.logger.debug("the caller left")
        } catch {
            ending = WebSocketClosure(.internalError)
            request.logger.debug("the request ended with an error", metadata: ["error": "\(error)"])
        }
        if writer.progress.status == nil {
            try? await writer.refuse(.internalServerError, "The hub failed to answer")  // the caller may be gone
        }
        writer.abandon(ending)
        admission.endRequest()
        let progress = writer.progress
        // A WebSocket was answered when it was accepted, and its caller leaves in the end.
        let isAnswered = !Task.isCancelled || progress.status == HTTPResponse.Status.switchingProtocols.code
        observer?.ended(
            request, status: isAnswered ? progress.status : nil, bytesSent: progress.bytesSent, duration: ContinuousClock.now - start)
    }
}
