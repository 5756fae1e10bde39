import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOHTTP1

/// Owns one connection of a caller: collects a request, starts its task, writes its response, and cancels the task when
/// the caller leaves. Lives and runs on the connection's event loop.
final class HTTPConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var machine: HTTPConnectionStateMachine
    private var framing: RequestFraming
    private let shared: ListenerShared
    private var context: ChannelHandlerContext?
    private var task: Task<Void, Never>?
    private var ticker: RepeatedTask?
    private var pipelined: CircularBuffer<HTTPServerRequestPart> = []
    private var pipelinedBytes = 0
    private var isHTTP10 = false
    private var isReading = true
    private var remoteAddress = ""
    private var host = ""

    /// Parts of pipelined requests, and bytes in them, that wait decoded; past it nothing is read until the answer is out.
    private static let maximumPipelinedParts = 64
    private static let maximumPipelinedBytes = 64 << 10
    private static let lingerTime = TimeAmount.seconds(1)

    init(shared: ListenerShared, now: NIODeadline) {
        self.shared = shared
        framing = RequestFraming(bounds: shared.bounds)
        machine = HTTPConnectionStateMachine(bounds: shared.bounds, now: now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        remoteAddress = context.remoteAddress?.ipAddress ?? ""
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(2), delay: .seconds(2)) { _ in
            let handler = bound.value
            handler.perform(handler.machine.tick(now: .now()))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ticker?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.connectionClosed()
        task?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if machine.isClosed { return }
        if machine.isResponding || !pipelined.isEmpty || !context.channel.isWritable {
            pipelined.append(part)
            if case .body(let bytes) = part { pipelinedBytes += bytes.readableBytes }
            if pipelined.count >= Self.maximumPipelinedParts || pipelinedBytes >= Self.maximumPipelinedBytes { setReading(false) }
        } else {
            process(part)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        proceed()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError {
            perform(machine.receivedGarbage())
        } else {
            context.close(promise: nil)
        }
    }

    /// The hub stops.
    func drain() {
        perform(machine.drain())
    }

    /// Takes what waits, one request at a time, while the caller reads the answers: who only sends is not served on.
    private func proceed() {
        while !machine.isResponding, !machine.isClosed, context?.channel.isWritable == true, let part = pipelined.popFirst() {
            process(part)
        }
        if pipelined.isEmpty, !isReading, !machine.isClosed {
            pipelinedBytes = 0
            setReading(true)
        }
    }

    private func process(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            isHTTP10 = head.version.minor == 0
            do throws(FramingError) {
                let (request, host) = try framing.head(head)
                self.host = host
                perform(machine.received(head: .success(request), now: .now()))
            } catch {
                perform(machine.received(head: .failure(error), now: .now()))
            }
        case .body(let bytes): perform(machine.received(body: bytes))
        case .end: perform(machine.receivedEnd())
        }
    }

    private func perform(_ action: HTTPConnectionStateMachine.Action) {
        switch action {
        case .none: break
        case .sendContinue:
            context?.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        case .dispatch(let head, let body): dispatch(head, body)
        case .refuse(let error): refuse(error)
        case .close: context?.close(promise: nil)
        }
    }

    private func dispatch(_ head: HTTPRequest, _ body: ByteBuffer) {
        guard let context else { return }
        let id = RequestID.make()
        var logger = shared.logger
        logger[metadataKey: "request-id"] = .string(id)
        let request = InboundRequest(head: head, host: host, body: body, id: id, remoteAddress: remoteAddress, logger: logger)
        let writer = HTTPResponseWriter(
            handler: NIOLoopBound(self, eventLoop: context.eventLoop), eventLoop: context.eventLoop, request: request)
        let shared = shared
        // Ended by the writer's last byte; cancelled by `channelInactive`; awaited by nobody, counted by `shared.inFlight`.
        task = Task { await shared.answer(request, writer: writer) }
    }

    private func refuse(_ error: FramingError) {
        guard let context else { return }
        shared.logger.debug("refused a request", metadata: ["status": "\(error.status.code)", "reason": "\(error.message)"])
        let body = RefusalBody.bytes(status: error.status, message: error.message)
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: error.status.code))
        head.headers.add(name: "x-request-id", value: RequestID.make())
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: String(body.readableBytes))
        head.headers.add(name: "connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            // Closing at once would reset the connection of a caller who still sends, and the answer would be lost: what comes is
            // read and dropped for a moment.
            bound.value.close(mode: .output, promise: nil)
            bound.value.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { bound.value.close(promise: nil) }
        }
    }

    private func setReading(_ isReading: Bool) {
        self.isReading = isReading
        context?.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    // MARK: Response, called by the writer of the request in flight, on the loop

    func writeHead(_ response: HTTPResponse, contentLength: Int?) {
        guard let context else { return }
        let closes = machine.responseBegins()
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status.code))
        for field in response.headerFields { head.headers.add(name: field.name.rawName, value: field.value) }
        if let contentLength, response.status.code != 204, response.status.code >= 200 {
            head.headers.add(name: "content-length", value: String(contentLength))
        } else if contentLength == nil, !isHTTP10 {
            head.headers.add(name: "transfer-encoding", value: "chunked")
        }
        if closes || isHTTP10 { head.headers.add(name: "connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    func writeBody(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
    }

    func flush() { context?.flush() }

    /// The response is out, or will never be.
    func finish(complete: Bool) {
        task = nil
        guard let context else { return }
        let action = machine.responseEnded(complete: complete && !isHTTP10, now: .now())
        if complete {
            let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
            if action == .close {
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                written.whenComplete { _ in bound.value.close(promise: nil) }
            }
        } else {
            perform(action)
        }
        proceed()
    }
}
