import HubCore
import Logging
import NIOCore
import NIOHTTP2

/// Owns one HTTP/2 connection of a caller beside its streams: idle time, abuse, the end in order. Lives and runs on the connection's loop.
final class HTTP2ConnectionHandler: ChannelInboundHandler, ListenerConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let shared: ListenerShared
    let loop: ListenerLoop
    let session: TLSSession
    let remoteAddress: String
    /// Kept by all streams: a connection hardly ever changes its authority.
    var framing: HTTP2Framing
    private var machine: HTTP2ConnectionMachine
    private var streams: [ObjectIdentifier: HTTP2StreamHandler] = [:]
    private var bodyBytes = 0
    private var context: ChannelHandlerContext?

    /// How long a connection stays after its last word, so that the caller reads it before it hears that nobody listens.
    private static let lingerTime = TimeAmount.milliseconds(100)

    private init(shared: ListenerShared, loop: ListenerLoop, session: TLSSession, remoteAddress: String, start: NIODeadline) {
        self.shared = shared
        self.loop = loop
        self.session = session
        self.remoteAddress = remoteAddress
        framing = HTTP2Framing(bounds: shared.bounds)
        machine = HTTP2ConnectionMachine(bounds: shared.bounds, start: start)
    }

    /// Adds HTTP/2 to a connection. To be called on its loop.
    ///
    /// - Parameter start: when the connection began, from which the time for the first request counts.
    static func install(
        on channel: any Channel, shared: ListenerShared, loop: ListenerLoop, session: TLSSession, remoteAddress: String, start: NIODeadline
    ) throws {
        let handler = HTTP2ConnectionHandler(shared: shared, loop: loop, session: session, remoteAddress: remoteAddress, start: start)
        let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        let configuration = HTTP2Limits.configuration(shared.bounds)
        let frames = NIOHTTP2Handler(
            mode: .server, eventLoop: channel.eventLoop, connectionConfiguration: configuration.connection,
            streamConfiguration: configuration.stream
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2StreamHandler(connection: bound.value))
            }
        }
        try channel.pipeline.syncOperations.addHandlers([frames, handler])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.remove(self)
        self.context = nil
    }

    /// Frames of the connection itself; NIO has acted on them.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .windowUpdate = unwrapInboundIn(data).payload { receivedWindowUpdate() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO has reset the stream, or said goodbye and left it to us to close. What is wrong with one request ends that request.
        guard !error.isOfOneRequest else { return }
        shared.logger.debug("ended an HTTP/2 connection", metadata: ["error": "\(error)"])
        perform(machine.receivedNonsense(isKnown: !error.mayBeOfOneStream))
    }

    func drain(now: NIODeadline, grace: Duration) {
        perform(machine.drain(now: now, grace: grace))
    }

    func cancelWork() {
        for stream in streams.values { stream.cancelWork() }
    }

    func cut() {
        context?.close(promise: nil)
    }

    func tick(now: NIODeadline) {
        for stream in Array(streams.values) { stream.tick(now: now) }
        perform(machine.tick(now: now))
    }

    private func perform(_ action: HTTP2ConnectionMachine.Action) {
        guard let context else { return }
        switch action {
        case .none: break
        case .announceEnd(let last): sayGoodbye(.noError, last: last ?? .maxID)
        case .close(let code):
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
            if let code { sayGoodbye(code, last: machine.lastStream) }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { bound.value.close(promise: nil) }
        }
    }

    private func sayGoodbye(_ code: HTTP2ErrorCode, last: HTTP2StreamID) {
        let payload = HTTP2Frame.FramePayload.goAway(lastStreamID: last, errorCode: code, opaqueData: nil)
        context?.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
    }

    // MARK: What streams report

    /// A stream began; false where no more are taken.
    func opened(_ stream: HTTP2StreamHandler, id: HTTP2StreamID) -> Bool {
        guard !machine.isClosing, context != nil else { return false }
        streams[ObjectIdentifier(stream)] = stream
        machine.opened(id)
        return true
    }

    func closed(_ stream: HTTP2StreamHandler) {
        guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
        perform(machine.closed(now: .now()))
    }

    /// A request of a stream was refused unread.
    func refused() {
        perform(machine.refused(now: .now()))
    }

    func receivedWindowUpdate() {
        perform(machine.receivedWindowUpdate(now: .now()))
    }

    func wrote(bytes: Int) {
        machine.wrote(bytes: bytes)
    }

    /// Takes room for a piece of a body, unless the bodies of this connection, or those of all, hold too much already.
    func hold(_ bytes: Int) -> Bool {
        guard bodyBytes + bytes <= HTTP2Limits.bodies * shared.bounds.bodyBytes, shared.admission.hold(bytes) else { return false }
        bodyBytes += bytes
        return true
    }

    func release(_ bytes: Int) {
        shared.admission.release(bytes)
        bodyBytes -= bytes
    }
}

extension Error {
    /// Whether an error of NIO may be one of a stream, after which it has reset the stream and said no goodbye.
    fileprivate var mayBeOfOneStream: Bool {
        switch self {
        case is NIOHTTP2Errors.BadStreamStateTransition, is NIOHTTP2Errors.InvalidWindowIncrementSize,
            is NIOHTTP2Errors.InvalidFlowControlWindowSize, is NIOHTTP2Errors.FlowControlViolation:
            true
        default: false
        }
    }

    /// Whether an error of NIO is one of a single stream: a malformed request, or a frame that came too late for its stream. All that is
    /// not known to be so ends the connection.
    fileprivate var isOfOneRequest: Bool {
        switch self {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.NoSuchStream,
            is NIOHTTP2Errors.CreatedStreamAfterGoaway, is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.DuplicatePseudoHeader,
            is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader, is NIOHTTP2Errors.UnknownPseudoHeader,
            is NIOHTTP2Errors.UnsupportedPseudoHeader, is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
            is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue, is NIOHTTP2Errors.ForbiddenHeaderField,
            is NIOHTTP2Errors.TrailersWithoutEndStream, is NIOHTTP2Errors.ContentLengthViolated,
            is NIOHTTP2Errors.ContentLengthHeadersMismatch, is NIOHTTP2Errors.ContentLengthHeaderNegative,
            is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
            true
        default: false
        }
    }
}
