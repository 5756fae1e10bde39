import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import HubServer

@Suite("WebSocket handler")
struct WebSocketHandlerTests {
    private struct NoResponder: HTTPResponder {
        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {}
    }

    private let channel = EmbeddedChannel()
    private let shared: ListenerShared
    private let handler: WebSocketHandler

    init() throws {
        shared = ListenerShared(
            bounds: ListenerBounds(heldBytes: 1 << 20), door: ListenerDoor(), responder: NoResponder(), observer: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, eventLoops: [])
        // An embedded loop says on every thread that it is the current one: it must not be among those that tasks run on.
        let loop = ListenerLoop(channel.eventLoop, executor: .executor(for: MultiThreadedEventLoopGroup.singleton.any()))
        handler = WebSocketHandler(
            shared: shared, loop: loop, remoteAddress: "127.0.0.1", input: ByteBuffer(), isReading: true, now: .now())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    private func sent() throws -> [[UInt8]] {
        channel.embeddedEventLoop.run()
        var frames: [[UInt8]] = []
        while let frame = try channel.readOutbound(as: ByteBuffer.self) { frames.append(Array(buffer: frame)) }
        return frames
    }

    /// Whether nothing is held: all that may be held can be.
    private var holdsNothing: Bool {
        let hasRoom = shared.admission.hold(shared.bounds.heldBytes)
        if hasRoom { shared.admission.release(shared.bounds.heldBytes) }
        return hasRoom
    }

    @Test("every ping is answered, and while the caller does not read, the last one is")
    func pongs() throws {
        try receive(Frames.frame(0x89, "1") + Frames.frame(0x89, "2"))
        #expect(try sent() == [[0x8A, 1, 0x31], [0x8A, 1, 0x32]])
        channel.isWritable = false
        try receive(Frames.frame(0x89, "3") + Frames.frame(0x89, "4"))
        #expect(try sent() == [])
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try sent() == [[0x8A, 1, 0x34]])
    }

    @Test("what waits for the reader is bounded and counted, and read on when it is taken")
    func bounded() throws {
        let message = Frames.frame(0x82, [UInt8](repeating: 1, count: 10_000))
        for _ in 0..<9 { try receive(message) }
        #expect(!handler.isReading)
        #expect(!holdsNothing)
        for _ in 0..<9 { #expect(try handler.taken()?.get()?.bytes.readableBytes == 10_000) }
        #expect(handler.taken() == nil)
        #expect(handler.isReading)
        #expect(holdsNothing)
    }

    @Test("what is left unread is given back when the responder or the connection ends")
    func released() throws {
        try receive(Frames.frame(0x82, "whole") + Frames.frame(0x02, "half"))
        #expect(!holdsNothing)
        handler.finish(WebSocketClosure(.normal))
        #expect(holdsNothing)
        #expect(try sent() == [[0x88, 2, 0x03, 0xE8]])
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(holdsNothing)
    }

    @Test("what came before the caller closed is still read, and then the end")
    func messagesBeforeClose() throws {
        try receive(Frames.frame(0x81, "last") + Frames.frame(0x88, [0x03, 0xE9, 0x78]))
        #expect(try sent() == [[0x88, 2, 0x03, 0xE9]])
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(try handler.taken()?.get() == .text(ByteBuffer(string: "last")))
        #expect(handler.closure == WebSocketClosure(.goingAway, "x"))
        let end = try #require(handler.taken())
        #expect(try end.get() == nil)
        #expect(!handler.send(.text(ByteBuffer(string: "late"))))
        #expect(holdsNothing)
    }
}
