import HTTPTypes
import HubCore
import NIOCore
import NIOTLS

/// One connection to an upstream: writes a request, reads its answer, and then the next, for as long as neither side gives reason to doubt
/// where an answer ends. Whatever comes that nobody asked for ends it.
///
/// Lives and runs on its event loop; belongs to the `EndpointPool` that opened it until it is closed.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case opening(EventLoopPromise<Void>?)
        case idle
        case busy(Exchange)
        case closed
    }

    /// Where the pool keeps it among those in use.
    var slot = 0
    private let pool: EndpointPool
    private let endpoint: Endpoint
    private var state = State.opening(nil)
    private var isReady: Result<Void, any Error>?
    private var context: ChannelHandlerContext?
    private var parser = HTTP1ResponseParser(limits: .answer)
    private var received = ByteBuffer()
    private var outgoing = ByteBuffer()
    private var served = 0
    private var isReading = true

    /// Bodies up to this size are sent together with the head.
    private static let smallBody = 16 << 10

    init(pool: EndpointPool) {
        self.pool = pool
        endpoint = pool.endpoint
    }

    // MARK: Opening

    /// Succeeds when a request can be sent.
    func whenReady(on loop: any EventLoop) -> EventLoopFuture<Void> {
        if let isReady { return loop.makeCompletedFuture(isReady) }
        let promise = loop.makePromise(of: Void.self)
        state = .opening(promise)
        return promise.futureResult
    }

    private func opened(_ result: Result<Void, any Error>) {
        guard case .opening(let promise) = state, isReady == nil else { return }
        isReady = result
        if case .success = result { state = .idle }
        promise?.completeWith(result)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        opened(.failure(ChannelError.ioOnClosedChannel))
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !endpoint.isSecure { opened(.success(())) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { opened(.success(())) }
    }

    /// Whether a request can be sent.
    var isIdle: Bool { if case .idle = state { true } else { false } }

    // MARK: Exchanges

    /// Sends a request. The pool gives only to a connection that is idle.
    func begin(_ exchange: Exchange, now: NIODeadline) {
        guard let context, case .idle = state else {
            exchange.fail(.closedUnanswered(wasKept: true))
            return pool.closed(self, wasBusy: true)
        }
        state = .busy(exchange)
        parser.begin(method: exchange.request.method)
        exchange.began(on: self, wasKept: served > 0, now: now)
        served += 1
        outgoing.clear()
        switch exchange.request.body {
        case .none:
            writeHead(exchange.request, Self.expectsBody(exchange.request.method) ? .length(0) : .none)
            context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
            exchange.sentRequest(now: now)
        case .complete(var body):
            writeHead(exchange.request, .length(body.readableBytes))
            if body.readableBytes <= Self.smallBody {
                outgoing.writeBuffer(&body)
                context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
                exchange.sentRequest(now: now)
            } else {
                context.write(wrapOutboundOut(outgoing), promise: nil)
                let written = context.eventLoop.makePromise(of: Void.self)
                written.futureResult.assumeIsolated().whenSuccess { exchange.sentRequest(now: .now()) }
                context.writeAndFlush(wrapOutboundOut(body), promise: written)
            }
        case .stream(let stream):
            writeHead(exchange.request, .chunked)
            context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
            exchange.pump(stream)
        }
    }

    private func writeHead(_ request: EndpointRequest, _ framing: HTTP1Writer.Framing) {
        HTTP1Writer.requestHead(
            request.method, target: request.target, host: endpoint.authority, fields: request.fields, framing: framing, into: &outgoing)
    }

    /// RFC 9110 §8.6: these say that they have no body.
    private static func expectsBody(_ method: HTTPRequest.Method) -> Bool {
        switch method {
        case .post, .put, .patch: true
        default: false
        }
    }

    /// Whether more of the request may be written.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Writes a piece of a request's body.
    func write(_ piece: ByteBuffer) {
        guard let context, piece.readableBytes > 0 else { return }
        outgoing.clear()
        HTTP1Writer.chunkSize(piece.readableBytes, into: &outgoing)
        context.write(wrapOutboundOut(outgoing), promise: nil)
        context.write(wrapOutboundOut(piece), promise: nil)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: HTTP1Writer.chunkEnd)), promise: nil)
    }

    /// Ends a request's body; `done` when the connection took its last byte.
    func writeEnd(done: @escaping () -> Void) {
        guard let context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess(done)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: HTTP1Writer.lastChunk)), promise: written)
    }

    /// The reader is behind, or has caught up.
    func setReading(_ isReading: Bool) {
        guard self.isReading != isReading, let context else { return }
        self.isReading = isReading
        context.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }  // only where it is closed
    }

    /// Closes it; the pool knows at once that it is gone.
    func close() {
        let wasBusy: Bool
        switch state {
        case .closed, .opening: return
        case .idle: wasBusy = false
        case .busy: wasBusy = true
        }
        state = .closed
        pool.closed(self, wasBusy: wasBusy)
        context?.close(promise: nil)
    }

    /// What time brought to the exchange on it.
    func tick(now: NIODeadline) {
        guard case .busy(let exchange) = state else { return }
        exchange.tick(now: now)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard case .busy(let exchange) = state else { return }
        exchange.writabilityChanged()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .busy(let exchange) = state else {
            close()  // bytes that nobody asked for
            return
        }
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        exchange.receivedBytes()
        do {
            try read(exchange)
        } catch let error as HTTP1Error {
            exchange.fail(.malformed(error))
        } catch let error as InflateError {
            exchange.fail(.compression(error))
        } catch {
            exchange.fail(.other(error))
        }
        exchange.readCompleted(now: .now())
    }

    private func read(_ exchange: Exchange) throws {
        while let part = try parser.next(from: &received) {
            switch part {
            case .head(let head): try exchange.received(head, now: .now())
            case .body(let bytes): try exchange.received(bytes)
            case .end:
                try end(exchange)
                return
            }
        }
    }

    /// The answer is complete: the connection goes back, or is closed.
    private func end(_ exchange: Exchange) throws {
        guard try exchange.receivedEnd(surplus: received.readableBytes > 0) == .reusable, isReading else {
            close()
            return
        }
        received = ByteBuffer()  // a kept connection holds no memory of the last answer
        state = .idle
        pool.released(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened(.failure(error))
        if case .busy(let exchange) = state { exchange.connectionClosed(error) }
        close()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        opened(.failure(ChannelError.ioOnClosedChannel))
        guard case .busy(let exchange) = state else { return close() }
        do {
            if case .end? = try parser.endOfInput() { _ = try exchange.receivedEnd(surplus: false) }
        } catch let error as InflateError {
            exchange.fail(.compression(error))
        } catch {
            // What is missing at the end is said below.
        }
        exchange.connectionClosed(nil)
        close()
    }
}

extension UpstreamConnection: Equatable {
    static func == (a: UpstreamConnection, b: UpstreamConnection) -> Bool { a === b }
}
