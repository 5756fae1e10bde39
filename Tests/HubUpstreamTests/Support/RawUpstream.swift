import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// An upstream that does with bytes what a test says, and remembers what it saw.
final class RawUpstream: Sendable {
    /// What it does when a request has come.
    enum Step: Sendable {
        case write(String)
        case bytes([UInt8])
        /// Waits until the test opens the gate.
        case gate
        /// Writes as much as is taken, up to so many bytes.
        case flood(Int)
        /// Writes a byte every 20 ms until the connection is closed.
        case trickle
        case close
    }

    /// What it saw.
    struct Log: Sendable {
        var opened = 0
        var closed = 0
        /// The requests, complete with their bodies, each with the number of its connection, from 1.
        var requests: [(connection: Int, text: String)] = []
        var flooded = 0
    }

    private struct State {
        var log = Log()
        var isGateOpen = false
        var gate: [EventLoopPromise<Void>] = []
        var waiting: [(predicate: @Sendable (Log) -> Bool, continuation: CheckedContinuation<Log, Never>)] = []
    }

    private let state = NIOLockedValueBox(State())
    private let channel: NIOLockedValueBox<(any Channel)?> = NIOLockedValueBox(nil)

    /// Starts one on a free port of the loopback.
    ///
    /// - Parameters:
    ///   - tls: speaks TLS with this.
    ///   - answersHeads: does not wait for the body of a request.
    ///   - answer: says what is done for a request, by its text and its number on all connections, from 1.
    static func start(
        tls: NIOSSLContext? = nil, answersHeads: Bool = false, answer: @escaping @Sendable (String, Int) -> [Step]
    ) async throws -> RawUpstream {
        let upstream = RawUpstream()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    let handler = Handler(upstream: upstream, answersHeads: answersHeads, answer: answer)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        upstream.channel.withLockedValue { $0 = channel }
        return upstream
    }

    var port: Int { channel.withLockedValue { $0?.localAddress?.port } ?? 0 }

    /// What it has seen so far.
    var log: Log { state.withLockedValue { $0.log } }

    /// Stops to listen. Open connections stay.
    func stop() async { try? await channel.withLockedValue { $0 }?.close() }  // closed before is as good

    /// Lets everybody who waits at the gate pass, now and later.
    func openGate() {
        let promises = state.withLockedValue { state in
            defer { state.gate = [] }
            state.isGateOpen = true
            return state.gate
        }
        for promise in promises { promise.succeed() }
    }

    /// Waits until it has seen something; the suite's time limit bounds it.
    @discardableResult
    func until(_ predicate: @escaping @Sendable (Log) -> Bool) async -> Log {
        await withCheckedContinuation { continuation in
            let seen = state.withLockedValue { state -> Log? in
                if predicate(state.log) { return state.log }
                state.waiting.append((predicate, continuation))
                return nil
            }
            if let seen { continuation.resume(returning: seen) }
        }
    }

    fileprivate func note(_ change: (inout Log) -> Void) {
        let (log, woken) = state.withLockedValue { state in
            change(&state.log)
            let woken = state.waiting.filter { $0.predicate(state.log) }
            state.waiting.removeAll { $0.predicate(state.log) }
            return (state.log, woken.map(\.continuation))
        }
        for continuation in woken { continuation.resume(returning: log) }
    }

    fileprivate func pass(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let isOpen = state.withLockedValue { state in
            if !state.isGateOpen { state.gate.append(promise) }
            return state.isGateOpen
        }
        if isOpen { promise.succeed() }
        return promise.futureResult
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let upstream: RawUpstream
        private let answersHeads: Bool
        private let answer: @Sendable (String, Int) -> [Step]
        private var number = 0
        private var received = ""
        private var steps: [Step] = []
        private var isWaiting = false

        init(upstream: RawUpstream, answersHeads: Bool, answer: @escaping @Sendable (String, Int) -> [Step]) {
            self.upstream = upstream
            self.answersHeads = answersHeads
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            upstream.note { log in
                log.opened += 1
                number = log.opened
            }
        }

        func channelInactive(context: ChannelHandlerContext) { upstream.note { $0.closed += 1 } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            while let end = endOfRequest() {
                let text = String(received[..<end])
                received = String(received[end...])
                var count = 0
                upstream.note { log in
                    log.requests.append((number, text))
                    count = log.requests.count
                }
                steps += answer(text, count)
            }
            proceed(context)
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) { proceed(context) }

        private func endOfRequest() -> String.Index? {
            guard let head = received.firstRange(of: "\r\n\r\n") else { return nil }
            if answersHeads { return head.upperBound }
            let lower = received[..<head.lowerBound].lowercased()
            if lower.contains("transfer-encoding: chunked") {
                return received[head.upperBound...].firstRange(of: "0\r\n\r\n").map(\.upperBound)
            }
            guard let field = lower.firstRange(of: "content-length: ") else { return head.upperBound }
            let length = Int(lower[field.upperBound...].prefix { $0.isNumber }) ?? 0
            return received.utf8.index(head.upperBound, offsetBy: length, limitedBy: received.endIndex)
        }

        private func proceed(_ context: ChannelHandlerContext) {
            // A write may call back at once: what is being done is off the list before.
            while !isWaiting, !steps.isEmpty {
                switch steps.removeFirst() {
                case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
                case .close: context.close(promise: nil)
                case .gate: wait(context, for: upstream.pass(on: context.eventLoop))
                case .trickle:
                    guard context.channel.isActive else { return }
                    steps.insert(.trickle, at: 0)
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "x")), promise: nil)
                    wait(context, for: context.eventLoop.scheduleTask(in: .milliseconds(20)) {}.futureResult)
                case .flood(let total):
                    let piece = ByteBuffer(repeating: 0x61, count: context.channel.isWritable ? min(total, 64 << 10) : 0)
                    if total > piece.readableBytes { steps.insert(.flood(total - piece.readableBytes), at: 0) }
                    guard piece.readableBytes > 0 else { return }
                    upstream.note { $0.flooded += piece.readableBytes }
                    context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
                }
            }
        }

        private func wait(_ context: ChannelHandlerContext, for future: EventLoopFuture<Void>) {
            isWaiting = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            future.whenComplete { _ in
                let (handler, context) = bound.value
                handler.isWaiting = false
                handler.proceed(context)
            }
        }
    }
}
