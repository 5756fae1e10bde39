import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Owns one request of an HTTP/2 caller: collects it, starts its task, writes its answer, and cancels the task when the stream is reset or
/// the connection goes. Lives and runs on the connection's event loop.
final class HTTP2StreamHandler: ChannelInboundHandler, ResponseSink {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: HTTP2ConnectionHandler
    private var machine: HTTP2StreamMachine
    private var context: ChannelHandlerContext?
    private var task: Task<Void, Never>?
    private var waiters: [() -> Void] = []
    private var isHead = false
    private var hasBegun = false
    private var bodyBytes = 0
    private var isFlushScheduled = false

    init(connection: HTTP2ConnectionHandler) {
        self.connection = connection
        machine = HTTP2StreamMachine(bounds: connection.shared.bounds)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)  // nil: gone before it began
        guard let id, connection.opened(self, id: id) else { return context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            let now = NIODeadline.now()
            do throws(HTTP1Error) {
                let head = try connection.framing.head(headers.headers)
                try connection.session.check(host: head.host)
                isHead = head.0.method == .head
                perform(machine.received(head: .success(head), isEnd: headers.endStream, now: now))
            } catch {
                perform(machine.received(head: .failure(error), isEnd: headers.endStream, now: now))
            }
        case .data(let piece):
            guard case .byteBuffer(let bytes) = piece.data else { return }
            guard connection.hold(bytes.readableBytes) else { return perform(machine.foundNoRoom()) }
            bodyBytes += bytes.readableBytes
            perform(machine.received(body: bytes, isEnd: piece.endStream))
        case .windowUpdate: connection.receivedWindowUpdate()
        case .priority, .rstStream, .settings, .pushPromise, .ping, .goAway, .alternativeService, .origin: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { wakeWaiters() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream that was reset: `channelInactive` follows.
    }

    func tick(now: NIODeadline) {
        perform(machine.tick(isWritable: isWritable, now: now))
    }

    /// The work has had its time; what it says at the end may still be written.
    func cancelWork() {
        task?.cancel()
    }

    private func perform(_ action: HTTP2StreamMachine.Action) {
        switch action {
        case .none: break
        case .sendContinue:
            write(HPACKHeaders([(":status", "100")]), isEnd: false)
            context?.flush()
        case .dispatch(let head, let host, let body):
            let task = connection.shared.dispatch(
                head: head, host: host, body: body, sink: self, remoteAddress: connection.remoteAddress, on: connection.loop)
            if machine.isResponding { self.task = task }  // else it is answered already
        case .refuse(let error): refuse(error)
        case .reset: context?.close(promise: nil)
        }
    }

    private func refuse(_ error: HTTP1Error) {
        connection.shared.logger.debug("refused a request", metadata: ["status": "\(error.status.code)", "reason": "\(error.message)"])
        var head = HTTPResponse(status: error.status, headerFields: [.contentType: "application/json"])
        head.headerFields[.requestID] = RequestID.make()
        respond(head, body: RefusalBody.bytes(status: error.status, message: error.message))
        connection.refused()
    }

    /// The stream is gone, or the connection with it.
    private func leave() {
        guard context != nil else { return }
        context = nil
        machine.closed()
        task?.cancel()
        task = nil
        connection.release(bodyBytes)
        connection.closed(self)
        wakeWaiters()
    }

    private func wakeWaiters() {
        let waiting = waiters
        waiters = []
        for resume in waiting { resume() }
    }

    // MARK: Response

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func whenWritable(_ resume: @escaping () -> Void) -> Bool {
        guard let context else { return false }
        if context.channel.isWritable {
            resume()
        } else {
            waiters.append(resume)
        }
        return true
    }

    func respond(_ head: HTTPResponse, body: ByteBuffer) {
        guard machine.isResponding, !hasBegun else { return }
        var headers = HPACKHeaders(head)
        let hasBody = head.status.code >= 200 && head.status.code != 204 && head.status.code != 304
        if hasBody {
            headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
        }
        let isWithoutBody = isHead || !hasBody || body.readableBytes == 0
        write(headers, isEnd: isWithoutBody)
        if !isWithoutBody { write(body, isEnd: true) }
        finish(bytes: isWithoutBody ? 0 : body.readableBytes)
    }

    func begin(_ head: HTTPResponse) {
        guard machine.isResponding, !hasBegun else { return }
        hasBegun = true
        write(HPACKHeaders(head), isEnd: false)
        scheduleFlush()
    }

    func write(_ bytes: ByteBuffer) {
        guard machine.isResponding, hasBegun, !isHead, bytes.readableBytes > 0 else { return }
        write(bytes, isEnd: false)
        scheduleFlush()
    }

    func end() {
        guard machine.isResponding, hasBegun else { return }
        write(ByteBuffer(), isEnd: true)
        finish(bytes: HTTP2Limits.writeAhead)
    }

    func abandon() {
        guard machine.isResponding else { return }
        context?.close(promise: nil)
    }

    func cut() { abandon() }

    private func finish(bytes: Int) {
        task = nil
        machine.responded(bytes: bytes, now: .now())
        context?.flush()
        guard !machine.isRequestComplete else { return }
        // RFC 9113 §8.1: the answer is complete, and what still comes of the request is of no use. In a later turn of the loop, because NIO
        // puts off flushes while it reads, and a reset drops what is not flushed.
        connection.loop.eventLoop.assumeIsolated().execute {
            self.context?.writeAndFlush(self.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
    }

    /// What is written in one turn of the loop goes out in one system call.
    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        connection.loop.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.context?.flush()
        }
    }

    private func write(_ headers: HPACKHeaders, isEnd: Bool) {
        context?.write(wrapOutboundOut(.headers(.init(headers: headers, endStream: isEnd))), promise: nil)
    }

    private func write(_ bytes: ByteBuffer, isEnd: Bool) {
        connection.wrote(bytes: bytes.readableBytes)
        context?.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes), endStream: isEnd))), promise: nil)
    }
}

extension HPACKHeaders {
    /// The block of a response. Fields that are about an HTTP/1.1 connection are left out (RFC 9113 §8.2.2).
    init(_ head: HTTPResponse) {
        self.init()
        reserveCapacity(head.headerFields.count + 2)
        add(name: ":status", value: String(head.status.code))
        for field in head.headerFields {
            switch field.name.canonicalName {
            case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": continue
            case let name: add(name: name, value: field.value)
            }
        }
    }
}
