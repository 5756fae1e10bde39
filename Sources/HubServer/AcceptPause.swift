import Glibc
import NIOCore

/// Lets a listening socket rest for a moment when the system has no descriptors or no memory left for one more connection: the callers that
/// wait would wake the loop without end.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let restTime = TimeAmount.milliseconds(200)
    private static let shortages: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.shortages.contains(error.errnoCode) { rest(context.channel) }
        context.fireErrorCaught(error)
    }

    private func rest(_ channel: any Channel) {
        // Of a listener that is closed in the meantime there is nothing to set.
        channel.setOption(.autoRead, value: false).whenFailure { _ in }
        channel.eventLoop.scheduleTask(in: Self.restTime) { channel.setOption(.autoRead, value: true).whenFailure { _ in } }
    }
}
