import Glibc
import NIOCore

/// Says whether a listening socket accepts: not while its listener is paused, and not for a moment after the system had no descriptors or no
/// memory left for one more connection. Then the callers that wait would wake the loop without end.
final class AcceptControl: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    /// What the listener sends down the pipeline.
    enum Order: Sendable {
        case pause
        case resume
    }

    private var isPaused: Bool
    private var isResting = false

    private static let restTime = TimeAmount.milliseconds(200)
    private static let shortages: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    init(isPaused: Bool) { self.isPaused = isPaused }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let order = event as? Order else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isPaused = order == .pause
        apply(to: context.channel)
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.shortages.contains(error.errnoCode), !isResting {
            isResting = true
            let channel = context.channel
            apply(to: channel)
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.restTime) {
                self.isResting = false
                self.apply(to: channel)
            }
        }
        context.fireErrorCaught(error)
    }

    private func apply(to channel: any Channel) {
        try? channel.syncOptions?.setOption(.autoRead, value: !isPaused && !isResting)  // fails where it is closed: nothing to accept
    }
}
