import Glibc
import NIOCore
import NIOEmbedded
import Testing

@testable import HubServer

@Suite("Accepting")
struct AcceptControlTests {
    private let channel = EmbeddedChannel(handler: AcceptControl(isPaused: false))

    /// What was last said of reading; a channel that was told nothing reads.
    private var isAccepting: Bool {
        channel.options.first { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool ?? true
    }

    private func fail(_ code: CInt) {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
    }

    @Test("without descriptors it rests for a moment", arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func rests(code: CInt) {
        fail(code)
        #expect(!isAccepting)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(199))
        #expect(!isAccepting)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(isAccepting)
    }

    @Test("a caller who gave up before it was accepted is no reason to rest")
    func goesOn() {
        fail(ECONNABORTED)
        #expect(isAccepting)
    }

    @Test("a pause outlasts a rest, and a rest outlasts a pause")
    func bothCount() {
        fail(EMFILE)
        channel.triggerUserOutboundEvent(AcceptControl.Order.pause, promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!isAccepting)
        fail(EMFILE)
        channel.triggerUserOutboundEvent(AcceptControl.Order.resume, promise: nil)
        #expect(!isAccepting)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(isAccepting)
    }
}
