import HubCore
import Logging
import NIOCore

/// Owns one connection of a caller once it speaks WebSocket: reads messages for whoever answers, writes theirs, and cancels them when the
/// caller has gone. Lives and runs on the connection's event loop; decides nothing, that is the state machine's part.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: WebSocketStateMachine
    private let shared: ListenerShared
    private let loop: ListenerLoop
    private let remoteAddress: String
    private var context: ChannelHandlerContext?
    private var task: Task<Void, Never>?

    /// What has been read and is no message yet.
    private var input: ByteBuffer
    private(set) var isReading: Bool
    private var isProceeding = false
    private var messages = CircularBuffer<WebSocketMessage>()
    private var messageBytes = 0
    private var heldBytes = 0
    private var reader: (id: UInt64, continuation: CheckedContinuation<WebSocketMessage?, any Error>)?
    private(set) var closure: WebSocketClosure?
    /// Whether both sides said that they close, or ours did.
    private var isCleanlyClosed = false

    private var droppedBytes = 0
    private var queuedBytes = 0
    private var unsentBytes = 0
    private var isFlushScheduled = false
    private var pong: ByteBuffer?
    private var waiters: [() -> Void] = []

    /// What may wait for the reader; past it nothing is read.
    private static let maximumWaiting = 64 << 10
    /// What a message takes besides its bytes, roughly.
    private static let messageOverhead = 64
    /// What is read of a caller to whom the hub has closed; past it, reading would be work for nothing.
    private static let maximumDropped = 16 << 20
    /// The largest payload that is copied behind its header rather than sent beside it.
    private static let maximumCopy = 8 << 10

    init(shared: ListenerShared, loop: ListenerLoop, remoteAddress: String, input: ByteBuffer, isReading: Bool, now: NIODeadline) {
        self.shared = shared
        self.loop = loop
        self.remoteAddress = remoteAddress
        self.input = input
        self.isReading = isReading
        machine = WebSocketStateMachine(bounds: shared.bounds, now: now)
    }

    /// Takes over the task of whoever answers: it is cancelled when the caller has gone.
    func own(_ task: Task<Void, Never>) {
        self.task = task
        if machine.isClosed, context == nil { task.cancel() }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        proceed()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.remove(self)
        self.context = nil
        leave()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if !machine.isOpen { droppedBytes &+= bytes.readableBytes }
        guard !machine.isClosed else { return proceed() }
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        machine.heard(now: .now())
        proceed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if let pong, machine.isOpen { send(.pong, pong) }
            pong = nil
            wakeWaiters()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func leave() {
        machine.connectionClosed()
        closed(WebSocketClosure(.abnormal), isClean: false)
        task?.cancel()
        task = nil
        input = ByteBuffer()
        account()
        countUnsent(0)
        wakeWaiters()
    }

    /// Takes what has come, while the reader keeps up.
    private func proceed() {
        guard context != nil, !isProceeding else { return }
        isProceeding = true
        defer { isProceeding = false }
        let now = NIODeadline.now()
        while hasRoom, let action = machine.next(from: &input, now: now) {
            perform(action)
            if !account() { perform(machine.failed(Self.noRoom)) }
        }
        if input.readableBytes == 0 || machine.isClosed { input = ByteBuffer() }
        if !account() { perform(machine.failed(Self.noRoom)) }
        if hasRoom != isReading { setReading(hasRoom) }
    }

    private static let noRoom = WebSocketClosure(.tryAgainLater, "Too much is being received")

    /// Where nobody reads any more, the caller's close frame is still awaited.
    private var hasRoom: Bool { machine.isOpen ? messageBytes < Self.maximumWaiting : droppedBytes < Self.maximumDropped }

    private func perform(_ action: WebSocketStateMachine.Action) {
        guard let context else { return }
        switch action {
        case .none: break
        case .deliver(let message): deliver(message)
        case .pong(let payload): if context.channel.isWritable { send(.pong, payload) } else { pong = payload }
        case .ping: send(.ping, ByteBuffer())
        case .close(let closure):
            send(.close, closure.payload)
            closed(closure, isClean: true)
        case .answerClose(let closure):
            closed(closure, isClean: true)
            context.channel.closeAfter(writing: Self.frame(.close, WebSocketClosure(closure.code).payload))
        case .end: context.channel.closeAfter(writing: ByteBuffer())
        case .fail(let closure):
            shared.logger.debug("closed a WebSocket", metadata: ["code": "\(closure.code.rawValue)", "reason": "\(closure.reason)"])
            closed(closure, isClean: false)
            context.channel.closeAfter(writing: Self.frame(.close, closure.payload))
        case .cut: context.close(promise: nil)
        }
    }

    private func deliver(_ message: WebSocketMessage) {
        if let reader {
            self.reader = nil
            reader.continuation.resume(returning: message)
        } else {
            messages.append(message)
            messageBytes += Self.cost(of: message)
        }
    }

    private static func cost(of message: WebSocketMessage) -> Int { message.bytes.readableBytes + messageOverhead }

    private func closed(_ closure: WebSocketClosure, isClean: Bool) {
        guard self.closure == nil else { return }
        self.closure = closure
        isCleanlyClosed = isClean
        if let reader {
            self.reader = nil
            if isClean { reader.continuation.resume(returning: nil) } else { reader.continuation.resume(throwing: closure) }
        }
        wakeWaiters()
    }

    /// Counts what is held; false, and no more counted than before, where there is no room.
    @discardableResult
    private func account() -> Bool {
        let held = machine.heldBytes + messageBytes + input.readableBytes
        if held < heldBytes {
            shared.admission.release(heldBytes - held)
        } else if held > heldBytes {
            guard shared.admission.hold(held - heldBytes) else { return false }
        }
        heldBytes = held
        return true
    }

    /// What the caller has not taken yet. Of a channel that is gone there is nothing to know.
    private var waitingBytes: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    private func countUnsent(_ bytes: Int) {
        guard bytes != unsentBytes else { return }
        shared.admission.changeUnsent(by: bytes - unsentBytes, to: remoteAddress)
        unsentBytes = bytes
    }

    private func setReading(_ isReading: Bool) {
        self.isReading = isReading
        context?.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    private func wakeWaiters() {
        guard !waiters.isEmpty else { return }
        let waiting = waiters
        waiters = []
        for resume in waiting { resume() }
    }
}

extension WebSocketHandler: ListenerConnection {
    func tick(now: NIODeadline) {
        let waiting = waitingBytes
        countUnsent(waiting)
        let isCrowded = shared.admission.isCrowded
        perform(
            machine.tick(
                now: now, delivered: queuedBytes - waiting, isBehind: waiting > 0, isCrowded: isCrowded, isReading: isReading))
        account()
    }

    /// A WebSocket does not end by itself: it is closed at once, and whoever answers has until the limit of the stop.
    func drain(now: NIODeadline, grace: Duration) { close(WebSocketClosure(.goingAway)) }

    func cancelWork() { task?.cancel() }

    func cut() { context?.close(promise: nil) }
}

/// What the session asks for, on the loop.
extension WebSocketHandler {
    /// What the reader gets without waiting; nil where it has to.
    func taken() -> Result<WebSocketMessage?, any Error>? {
        if let message = messages.popFirst() {
            messageBytes -= Self.cost(of: message)
            if isReading, input.readableBytes == 0 { account() } else { proceed() }
            return .success(message)
        }
        return closure.map { isCleanlyClosed ? .success(nil) : .failure($0) }
    }

    /// Has a reader wait for the next message.
    func wait(_ continuation: CheckedContinuation<WebSocketMessage?, any Error>, id: UInt64) {
        if let result = taken() { return continuation.resume(with: result) }
        guard reader == nil else {
            return continuation.resume(throwing: HubError(.internal, "Two tasks read one WebSocket"))
        }
        reader = (id, continuation)
    }

    /// The task of a reader was cancelled.
    func cancelWait(id: UInt64) {
        guard let reader, reader.id == id else { return }
        self.reader = nil
        reader.continuation.resume(throwing: CancellationError())
    }

    /// Why nothing more can be sent.
    var ending: WebSocketClosure { closure ?? WebSocketClosure(.abnormal) }

    /// Sends a message; false where that is too late.
    func send(_ message: WebSocketMessage) -> Bool {
        guard context != nil, machine.isOpen else { return false }
        switch message {
        case .text(let bytes): send(.text, bytes)
        case .binary(let bytes): send(.binary, bytes)
        }
        return true
    }

    func close(_ closure: WebSocketClosure) {
        perform(machine.close(closure, now: .now()))
        proceed()
    }

    /// Whoever answered has ended: what it did not read is dropped.
    func finish(_ closure: WebSocketClosure) {
        messages.removeAll()
        messageBytes = 0
        close(closure)
        account()
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Calls `resume` once, when more may be written or the WebSocket is closed.
    func whenWritable(_ resume: @escaping () -> Void) {
        if !machine.isOpen || isWritable { resume() } else { waiters.append(resume) }
    }
}

/// Writing.
extension WebSocketHandler {
    private static func frame(_ opcode: WebSocketFrameHeader.Opcode, _ payload: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(10 + payload.readableBytes)
        WebSocketFrameHeader(opcode, length: payload.readableBytes).write(into: &buffer)
        buffer.writeImmutableBuffer(payload)
        return buffer
    }

    private func send(_ opcode: WebSocketFrameHeader.Opcode, _ payload: ByteBuffer) {
        if payload.readableBytes <= Self.maximumCopy {
            queue(Self.frame(opcode, payload))
        } else {
            var header = ByteBuffer()
            WebSocketFrameHeader(opcode, length: payload.readableBytes).write(into: &header)
            queue(header)
            queue(payload)
            context?.flush()
            return countUnsent(waitingBytes)
        }
        scheduleFlush()
    }

    private func queue(_ buffer: ByteBuffer) {
        queuedBytes &+= buffer.readableBytes
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    /// What is written in one turn of the loop goes out in one system call.
    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.context?.flush()
        }
    }
}
