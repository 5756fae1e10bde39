import NIOCore

/// Standard input: nothing comes from there.
final class InputHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)  // whoever writes is told by its write
    }
}

/// Standard output, read only while somebody waits for a line.
final class OutputHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let process: ChildProcess

    init(process: ChildProcess) {
        self.process = process
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { process.receivedOutput(unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) {
        if process.wantsOutput { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) { process.outputHasEnded() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Standard error, read at all times.
final class ErrorsHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let process: ChildProcess

    init(process: ChildProcess) {
        self.process = process
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { process.receivedErrors(unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// What the keeper tells.
final class ControlHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let process: ChildProcess
    /// The keeper writes whole notices, and a local socket delivers them so; what is left over is no notice.
    init(process: ChildProcess) {
        self.process = process
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while bytes.readableBytes >= KeeperNotice.length {
            if let notice = KeeperNotice(from: &bytes) { process.received(notice) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { process.isGone() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
