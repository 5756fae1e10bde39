import HTTPTypes
import HubCore
import Logging
import NIOCore

extension ListenerShared {
    /// Makes a connection of what was accepted, unless there are too many: those are told so and closed.
    func initialize(_ channel: any Channel) throws {
        let address = channel.remoteAddress?.ipAddress ?? ""
        guard door.admits(address) else {
            logger.debug("refused a connection: its address is not let in", metadata: ["address": "\(address)"])
            return channel.close(promise: nil)
        }
        guard admission.admitConnection(from: address) else {
            logger.debug("refused a connection: too many", metadata: ["address": "\(address)"])
            return try refuse(channel)
        }
        channel.closeFuture.whenComplete { [admission] _ in admission.releaseConnection(from: address) }
        let start = NIODeadline.now()
        guard let certificates = door.certificates else { return try serveHTTP1(channel, start: start, session: nil) }
        try TLSDoor.install(
            on: channel, store: certificates, timeLimit: TimeAmount(bounds.headerTime), logger: logger
        ) { [self] agreed, session in
            switch agreed {
            case .http1: try serveHTTP1(channel, start: start, session: session)
            case .http2:
                try HTTP2ConnectionHandler.install(
                    on: channel, shared: self, loop: loop(of: channel.eventLoop), session: session, remoteAddress: address, start: start)
            }
        }
    }

    private func serveHTTP1(_ channel: any Channel, start: NIODeadline, session: TLSSession?) throws {
        let handler = HTTPConnectionHandler(shared: self, loop: loop(of: channel.eventLoop), session: session, now: start)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func refuse(_ channel: any Channel) throws {
        // What speaks TLS would not understand.
        guard door.certificates == nil, admission.beginLinger() else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [admission] _ in admission.endLinger() }
        try channel.pipeline.syncOperations.addHandler(ConnectionRefusal())
    }
}

/// Tells a connection that there is no room for it.
private final class ConnectionRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.channel.closeAfter(writing: RefusalBody.message(HTTP1Error(.serviceUnavailable, "There are too many connections")))
    }

    // What it sends is not read past the first piece: the answer does not depend on it.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension Channel {
    private static var lingerTime: TimeAmount { .seconds(1) }

    /// Sends `bytes` and closes. Closing at once would reset the connection of a caller who still sends, and the answer would be lost: what
    /// comes is read and dropped for a moment.
    func closeAfter(writing bytes: ByteBuffer) {
        writeAndFlush(bytes).whenComplete { _ in
            self.close(mode: .output, promise: nil)
            self.eventLoop.scheduleTask(in: Self.lingerTime) { self.close(promise: nil) }
        }
    }
}
