import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Owns one HTTP/1.1 connection of a caller: collects a request, has it answered, writes the response, and cancels the task when
/// the caller leaves. Lives and runs on the connection's event loop; decides nothing, that is the state machine's part.
final class HTTPConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: HTTPConnectionStateMachine
    private var parser: HTTP1RequestParser
    private var hosts = KnownHost()
    private let shared: ListenerShared
    private let loop: ListenerLoop
    private let session: TLSSession?
    private var context: ChannelHandlerContext?
    private var remoteAddress = ""

    /// What has been read and belongs to no request yet.
    private var input = ByteBuffer()
    private var isReading = true
    private var isProceeding = false
    private var host = ""
    private var task: Task<Void, Never>?
    /// What the connection went over to; from then on it is no longer this handler's.
    private var webSocket: WebSocketHandler?

    private var response = Response()
    private var heldBytes = 0
    private var droppedBytes = 0
    private var queuedBytes = 0
    private var unsentBytes = 0
    private var isFlushScheduled = false
    private var waiters: [() -> Void] = []

    /// What is known of the response being written.
    private struct Response {
        var isToHead = false
        var isChunked = false
        var hasBody = true
    }

    /// Pipelined bytes that wait; past it nothing is read until the answer is out.
    private static let maximumInput = 64 << 10
    /// What is read of a caller who has been refused and still sends, so that the refusal arrives; past it, reading would be work for nothing.
    private static let maximumDropped = 16 << 20
    /// The largest piece that is copied behind the size of its chunk rather than sent beside it.
    private static let maximumCopy = 8 << 10

    init(shared: ListenerShared, loop: ListenerLoop, session: TLSSession?, now: NIODeadline) {
        self.shared = shared
        self.loop = loop
        self.session = session
        parser = HTTP1RequestParser(limits: HTTP1Limits(headBytes: shared.bounds.headerBytes, fields: shared.bounds.fields))
        machine = HTTPConnectionStateMachine(bounds: shared.bounds, now: now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        remoteAddress = context.remoteAddress?.ipAddress ?? ""
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.remove(self)
        self.context = nil
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !machine.isClosed else {
            droppedBytes &+= bytes.readableBytes
            return proceed()
        }
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        proceed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { wakeWaiters() }
        proceed()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func leave() {
        machine.connectionClosed()
        task?.cancel()
        task = nil
        release()
        countUnsent(0)
        input = ByteBuffer()
        wakeWaiters()
    }

    /// Takes what waits, one request at a time, while the caller reads the answers: who only sends is not served on.
    private func proceed() {
        guard let context, !isProceeding else { return }
        isProceeding = true
        defer { isProceeding = false }
        if input.readableBytes > 0 { machine.receivedBytes(now: .now()) }
        while machine.isReceiving, context.channel.isWritable {
            do throws(HTTP1Error) {
                guard let part = try parser.next(from: &input) else { break }
                try process(part)
            } catch {
                perform(machine.failed(error))
            }
        }
        if input.readableBytes == 0 || machine.isClosed { input = ByteBuffer() }
        let hasRoom =
            machine.isClosed ? droppedBytes < Self.maximumDropped : input.readableBytes < Self.maximumInput || machine.isReceiving
        if hasRoom != isReading { setReading(hasRoom) }
    }

    private func process(_ part: HTTP1RequestParser.Part) throws(HTTP1Error) {
        switch part {
        case .head(let head):
            guard let host = hosts.host(of: head.request.authority ?? "") else {
                throw HTTP1Error(.badRequest, "Exactly one well-formed Host is needed")
            }
            if let session { try session.check(host: host) }
            self.host = host
            perform(machine.received(head: head, now: .now()))
        case .body(let bytes):
            guard shared.admission.hold(bytes.readableBytes) else {
                throw HTTP1Error(.serviceUnavailable, "Too much is being received")
            }
            heldBytes += bytes.readableBytes
            perform(machine.received(body: bytes))
        case .end: perform(machine.receivedEnd())
        }
    }

    private func perform(_ action: HTTPConnectionStateMachine.Action) {
        guard let context else { return }
        switch action {
        case .none: break
        case .sendContinue: context.writeAndFlush(wrapOutboundOut(Self.continueLine), promise: nil)
        case .dispatch(let head, let body):
            response = Response(isToHead: head.method == .head)
            let offer = machine.allowsUpgrade && body.readableBytes == 0 ? WebSocketOffer(head) : nil
            let task = shared.dispatch(
                head: head, host: host, body: body, webSocket: offer, sink: self, remoteAddress: remoteAddress, on: loop)
            if let webSocket {
                webSocket.own(task)
            } else if machine.isResponding {
                self.task = task
            }  // else it is answered already
        case .refuse(let error):
            shared.logger.debug("refused a request", metadata: ["status": "\(error.status.code)", "reason": "\(error.message)"])
            release()
            context.channel.closeAfter(writing: RefusalBody.message(error))
        case .close:
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        case .cut: context.close(promise: nil)
        }
    }

    private static let continueLine = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    private func setReading(_ isReading: Bool) {
        self.isReading = isReading
        context?.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// What the caller has not taken yet. Of a channel that is gone there is nothing to know.
    private var waitingBytes: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    private func countUnsent(_ bytes: Int) {
        guard bytes != unsentBytes else { return }
        shared.admission.changeUnsent(by: bytes - unsentBytes, to: remoteAddress)
        unsentBytes = bytes
    }

    private func release() {
        guard heldBytes > 0 else { return }
        shared.admission.release(heldBytes)
        heldBytes = 0
    }
}

extension HTTPConnectionHandler: ListenerConnection {
    func tick(now: NIODeadline) {
        let waiting = waitingBytes
        countUnsent(waiting)
        let isCrowded = shared.admission.isCrowded
        perform(machine.tick(now: now, delivered: queuedBytes - waiting, isBehind: waiting > 0, isCrowded: isCrowded))
    }

    func drain(now: NIODeadline, grace: Duration) { perform(machine.drain(now: now, grace: grace)) }

    func cancelWork() { task?.cancel() }

    func cut() { context?.close(promise: nil) }
}

extension HTTPConnectionHandler: ResponseSink {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func whenWritable(_ resume: @escaping () -> Void) -> Bool {
        guard let context, !machine.isClosed else { return false }
        if context.channel.isWritable {
            resume()
        } else {
            waiters.append(resume)
        }
        return true
    }

    func respond(_ head: HTTPResponse, body: ByteBuffer) {
        guard context != nil, machine.isResponding else { return }
        // There may have been room when it was asked for. What was done cannot be said otherwise, so that it is cut.
        guard body.readableBytes <= Self.maximumCopy || shared.admission.hasRoomForAnswer(to: remoteAddress) else {
            shared.logger.debug("cut an answer: too much waits for its caller", metadata: ["address": "\(remoteAddress)"])
            return finish(complete: false)
        }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(512 + (body.readableBytes <= Self.maximumCopy ? body.readableBytes : 0))
        writeHead(head, framing: Self.framing(of: head.status, length: body.readableBytes), into: &buffer)
        if response.isToHead || body.readableBytes == 0 || !response.hasBody {
            queue(buffer)
        } else if body.readableBytes <= Self.maximumCopy {
            buffer.writeImmutableBuffer(body)
            queue(buffer)
        } else {
            queue(buffer)
            queue(body)
        }
        context?.flush()
        if body.readableBytes > Self.maximumCopy { countUnsent(waitingBytes) }
        finish(complete: true)
    }

    func begin(_ head: HTTPResponse) {
        guard context != nil, machine.isResponding else { return }
        var buffer = ByteBuffer()
        let hasBody = Self.framing(of: head.status, length: 1) != .none
        writeHead(head, framing: hasBody ? .chunked : .none, into: &buffer)
        queue(buffer)
        scheduleFlush()
    }

    func write(_ bytes: ByteBuffer) {
        guard context != nil, machine.isResponding, response.hasBody, !response.isToHead else { return }
        guard response.isChunked else {
            queue(bytes)
            return scheduleFlush()
        }
        var buffer = ByteBuffer()
        let isCopied = bytes.readableBytes <= Self.maximumCopy
        buffer.reserveCapacity(20 + (isCopied ? bytes.readableBytes : 0))
        HTTP1Writer.chunkSize(bytes.readableBytes, into: &buffer)
        if isCopied {
            buffer.writeImmutableBuffer(bytes)
            buffer.writeStaticString(HTTP1Writer.chunkEnd)
            queue(buffer)
        } else {
            queue(buffer)
            queue(bytes)
            queue(ByteBuffer(staticString: HTTP1Writer.chunkEnd))
        }
        scheduleFlush()
    }

    func end() {
        guard context != nil, machine.isResponding else { return }
        if response.isChunked, response.hasBody, !response.isToHead { queue(ByteBuffer(staticString: HTTP1Writer.lastChunk)) }
        context?.flush()
        finish(complete: true)
    }

    func abandon() {
        guard machine.isResponding else { return }
        context?.flush()
        finish(complete: false)
    }

    func accept(_ head: HTTPResponse) -> WebSocketHandler? {
        guard let context, machine.allowsUpgrade else { return nil }
        var buffer = ByteBuffer()
        HTTP1Writer.responseHead(head.status, fields: head.headerFields, framing: .none, into: &buffer)
        HTTP1Writer.field("connection", "upgrade", into: &buffer)
        HTTP1Writer.endHead(into: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        // What came behind the request is the first that the WebSocket reads, and who answers the request is now its to cancel.
        let handler = WebSocketHandler(
            shared: shared, loop: loop, remoteAddress: remoteAddress, input: input, isReading: isReading, now: .now())
        if let task { handler.own(task) }
        (input, task, webSocket) = (ByteBuffer(), nil, handler)
        do {
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            context.close(promise: nil)  // the channel has gone
            return nil
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        return handler
    }

    private func finish(complete: Bool) {
        task = nil
        release()
        perform(machine.responseEnded(complete: complete, now: .now()))
        proceed()
    }

    private func writeHead(_ head: HTTPResponse, framing: HTTP1Writer.Framing, into buffer: inout ByteBuffer) {
        var framing = framing
        let (closes, isHTTP10) = machine.responseBegins()
        response.hasBody = framing != .none
        response.isChunked = framing == .chunked && !isHTTP10
        if framing == .chunked, isHTTP10 {
            framing = .none
            machine.responseEndsWithConnection()
        }
        HTTP1Writer.responseHead(head.status, fields: head.headerFields, framing: framing, into: &buffer)
        if closes || (isHTTP10 && response.hasBody && framing == .none) {
            HTTP1Writer.field("connection", "close", into: &buffer)
        } else if isHTTP10 {
            HTTP1Writer.field("connection", "keep-alive", into: &buffer)
        }
        HTTP1Writer.endHead(into: &buffer)
    }

    /// RFC 9110 §8.6: neither 1xx nor 204 has a length; 304 has one of a body that is not sent.
    private static func framing(of status: HTTPResponse.Status, length: Int) -> HTTP1Writer.Framing {
        status.code < 200 || status.code == 204 || status.code == 304 ? .none : .length(length)
    }

    private func queue(_ buffer: ByteBuffer) {
        queuedBytes &+= buffer.readableBytes
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    /// What is written in one turn of the loop goes out in one system call.
    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.context?.flush()
        }
    }

    private func wakeWaiters() {
        guard !waiters.isEmpty else { return }
        let waiting = waiters
        waiters = []
        for resume in waiting { resume() }
    }
}

/// The host of the last authority: a connection hardly ever changes it.
struct KnownHost {
    private var known: (authority: String, host: String)?

    /// The host of an authority, as `HTTPAddress` writes hosts; nil where it is malformed.
    mutating func host(of authority: String) -> String? {
        if let known, known.authority.utf8.elementsEqual(authority.utf8) { return known.host }
        guard let host = HTTPAddress.splitAuthority(authority)?.host else { return nil }
        known = (authority, host)
        return host
    }
}
