import HTTPTypes
import HubCore
import Logging
import NIOCore

extension ListenerShared {
    /// Makes a connection of what was accepted, unless there are too many: those are told so and closed.
    func initialize(_ channel: any Channel) throws {
        let address = channel.remoteAddress?.ipAddress ?? ""
        guard admission.admitConnection(from: address) else {
            logger.debug("refused a connection: too many", metadata: ["address": "\(address)"])
            return try refuse(channel)
        }
        channel.closeFuture.whenComplete { [admission] _ in admission.releaseConnection(from: address) }
        let handler = HTTPConnectionHandler(shared: self, loop: loop(of: channel.eventLoop), now: .now())
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func refuse(_ channel: any Channel) throws {
        guard admission.beginLinger() else { return channel.close(promise: nil) }
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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

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
