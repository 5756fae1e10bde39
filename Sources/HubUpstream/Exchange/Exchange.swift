import HTTPTypes
import HubCore
import NIOCore

/// One request and its answer, from the queue of the pool to the last byte.
///
/// Lives and runs on the event loop of its pool. Two tasks may wait for it, one after the other never together: the one that asked, first
/// for the head and then for the body, and the one that feeds a request whose body is a stream.
final class Exchange {
    /// What is sent.
    let request: EndpointRequest
    private let pool: EndpointPool
    private var machine: ExchangeStateMachine
    private var connection: UpstreamConnection?
    private var head: HTTP1ResponseHead?
    private var inflater: Inflater?
    private var unread = ByteBuffer()
    private var reader: CheckedContinuation<Void, Never>?
    private var writer: CheckedContinuation<Void, Never>?
    private var feeder: Task<Void, Never>?

    init(_ request: EndpointRequest, pool: EndpointPool) {
        self.request = request
        self.pool = pool
        machine = ExchangeStateMachine(
            timeouts: pool.settings.timeouts, totalDeadline: request.deadline, unreadBytes: pool.settings.bounds.unreadBytes)
    }

    // MARK: The caller's side

    /// Waits for the head of the answer. The body is complete where all of it has come by the time the caller runs again.
    func answer() async throws(UpstreamFailure) -> EndpointAnswer {
        while head == nil, !machine.isOver { await wait() }
        if let failure = machine.failure { throw failure }
        guard let head else { throw .brokenOff(nil) }
        var answer = EndpointAnswer(status: head.status, fields: head.fields, body: .complete(ByteBuffer()))
        answer.bodyLength = inflater == nil ? head.bodyLength : nil
        if inflater != nil { answer.fields[.contentEncoding] = nil }
        if machine.isComplete {
            answer.body = .complete(unread)
            unread = ByteBuffer()
        } else {
            answer.body = .stream(AnswerStream(exchange: NIOLoopBound(self, eventLoop: pool.loop), executor: pool.executor))
        }
        return answer
    }

    /// All that has come of the body since the last time, as soon as there is something; nil at the end.
    func next() async throws(UpstreamFailure) -> ByteBuffer? {
        while unread.readableBytes == 0, !machine.isOver { await wait() }
        if unread.readableBytes > 0 {
            let bytes = unread
            unread = ByteBuffer()
            if machine.readerTookAll(now: .now()) { connection?.setReading(true) }
            return bytes
        }
        if let failure = machine.failure { throw failure }
        return nil
    }

    private func wait() async {
        guard reader == nil else { return fail(.other(HubError(.internal, "Two readers of one answer"))) }
        let (loop, exchange) = (pool.loop, NIOLoopBound(self, eventLoop: pool.loop))
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if machine.isOver { continuation.resume() } else { reader = continuation }
            }
        } onCancel: {
            if loop.inEventLoop { exchange.value.fail(.cancelled) } else { loop.execute { exchange.value.fail(.cancelled) } }
        }
    }

    private func wakeReader() {
        guard let reader else { return }
        self.reader = nil
        reader.resume()
    }

    // MARK: The request's body

    /// Sends a body piece by piece, as the upstream takes it.
    func pump(_ stream: any BodyStream) {
        let exchange = NIOLoopBound(self, eventLoop: pool.loop)
        // Nobody waits for it: it ends with the body, and is cancelled when the exchange is over.
        feeder = Task(executorPreference: pool.executor) {
            await exchange.value.feed(stream)
        }
    }

    private func feed(_ stream: any BodyStream) async {
        do {
            while let piece = try await stream.next() {
                guard !machine.isOver, let connection else { return stream.cancel() }
                connection.write(piece)
                if !connection.isWritable { await waitForRoom() }
                machine.sentBytes(now: .now())
            }
            guard !machine.isOver else { return }
            connection?.writeEnd { self.sentRequest(now: .now()) }
        } catch {
            fail(.request(error))
        }
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            if machine.isOver { continuation.resume() } else { writer = continuation }
        }
    }

    /// The connection may take more.
    func writabilityChanged() {
        guard connection?.isWritable ?? true, let writer else { return }
        self.writer = nil
        writer.resume()
    }

    // MARK: The connection's side

    /// It has a connection.
    func began(on connection: UpstreamConnection, wasKept: Bool, now: NIODeadline) {
        self.connection = connection
        machine.began(wasKept: wasKept, now: now)
    }

    /// The connection took the last byte of the request.
    func sentRequest(now: NIODeadline) { machine.sentRequest(now: now) }

    /// Something came.
    func receivedBytes() { machine.receivedBytes() }

    /// The head came.
    func received(_ head: HTTP1ResponseHead, now: NIODeadline) throws(InflateError) {
        machine.receivedHead(keepsAlive: head.keepsAlive, now: now)
        self.head = head
        guard head.bodyLength != 0, let encoding = head.fields.value(.contentEncoding), encoding.lowercased() != "identity" else { return }
        // Unfolded whether it was asked for or not: whoever reads the answer takes its bytes for what they say they are.
        guard let inflater = Inflater(encoding: encoding) else { throw .unknownEncoding }
        self.inflater = inflater
    }

    /// A piece of the body came.
    func received(_ bytes: ByteBuffer) throws(InflateError) {
        if let inflater {
            try inflater.unfold(bytes, into: &unread)
        } else {
            unread.append(bytes)
        }
    }

    /// The answer is complete.
    func receivedEnd(surplus: Bool) throws(InflateError) -> ExchangeStateMachine.Ended {
        try inflater?.finish()
        defer { finish() }
        return machine.receivedEnd(surplus: surplus)
    }

    /// All that came with one read has been taken in.
    func readCompleted(now: NIODeadline) {
        if machine.receivedBody(unread: unread.readableBytes, now: now) { connection?.setReading(false) }
        if head != nil || machine.isOver { wakeReader() }
    }

    /// The connection ended or broke.
    func connectionClosed(_ error: (any Error)?) {
        if machine.connectionClosed(error) { finish() }
        wakeReader()
    }

    /// Gives it up, wherever it is: its connection, which has an answer to come that nobody reads, is closed.
    func fail(_ failure: UpstreamFailure) {
        let wasQueued = machine.isQueued
        let connection = connection
        guard machine.failed(failure) else { return }
        finish()
        if wasQueued { pool.leave(self) }
        connection?.close()
        wakeReader()
    }

    /// What time brought.
    func tick(now: NIODeadline) {
        if let failure = machine.tick(now: now) { fail(failure) }
    }

    private func finish() {
        connection = nil
        feeder?.cancel()
        feeder = nil
        writer?.resume()
        writer = nil
    }
}

extension Exchange: Equatable {
    static func == (a: Exchange, b: Exchange) -> Bool { a === b }
}

/// The rest of an answer. Its reader may be anywhere; on the loop of the connection it costs least. Given up when nobody holds it.
final class AnswerStream: BodyStream {
    private let exchange: NIOLoopBound<Exchange>
    private let executor: LoopTaskExecutor

    init(exchange: NIOLoopBound<Exchange>, executor: LoopTaskExecutor) {
        self.exchange = exchange
        self.executor = executor
    }

    deinit { cancel() }

    func next() async throws -> ByteBuffer? {
        if executor.carriesCurrentTask { return try await onLoop() }
        return try await withTaskExecutorPreference(executor) { try await self.fromElsewhere() }
    }

    func cancel() {
        let exchange = exchange
        if executor.eventLoop.inEventLoop {
            exchange.value.fail(.cancelled)
        } else {
            executor.eventLoop.execute { exchange.value.fail(.cancelled) }
        }
    }

    @concurrent private func fromElsewhere() async throws -> ByteBuffer? { try await onLoop() }

    private func onLoop() async throws -> ByteBuffer? {
        do throws(UpstreamFailure) {
            return try await exchange.value.next()
        } catch {
            throw error.error
        }
    }
}
