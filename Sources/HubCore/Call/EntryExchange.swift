import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore

/// What an entry writes, for somebody in the same process to read: one piece waits at most, so that a slow reader holds the entry up.
final class EntryExchange: ResponseWriter, BodyStream {
    private struct State {
        var head: HTTPResponse?
        /// All of the body, where it came with the head.
        var complete: ByteBuffer?
        var piece: ByteBuffer?
        var isEnded = false
        var isCancelled = false
        var failure: HubError?
        var work: Task<Void, Never>?
        /// Counts the changes.
        var version: UInt64 = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Begins the work of the entry, which `cancel` ends, and whoever waits for its head and is cancelled.
    func begin(_ work: @escaping @Sendable () async throws -> Void) {
        // Nobody waits for it: what comes of it is read here.
        let task = Task {
            let broken = HubError(.upstreamFailed, "The upstream broke off its answer")
            do {
                try await work()
                finish(broken)
            } catch {
                finish(error as? HubError ?? broken)
            }
        }
        let isTooLate = state.withLockedValue { state in
            state.work = task
            return state.isCancelled
        }
        if isTooLate { task.cancel() }
    }

    /// The work is over; what it has not ended has failed.
    private func finish(_ failure: HubError) {
        change { state in
            if !state.isEnded { state.failure = failure }
        }
    }

    // MARK: The entry's side

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        try checkReader()
        change { ($0.head, $0.complete, $0.isEnded) = (head, body, true) }
    }

    func begin(_ head: HTTPResponse) async throws {
        try checkReader()
        change { $0.head = head }
    }

    func write(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return try checkReader() }
        try await wait { state -> Void? in
            if state.isCancelled { throw CancellationError() }
            guard state.piece == nil else { return nil }
            state.piece = bytes
            return ()
        }
    }

    func end() async throws {
        try checkReader()
        change { $0.isEnded = true }
    }

    func cut() { finish(HubError(.upstreamFailed, "The upstream broke off its answer")) }

    private func checkReader() throws {
        if state.withLockedValue({ $0.isCancelled }) { throw CancellationError() }
    }

    // MARK: The reader's side

    /// The answer, once its head has come.
    func response() async throws -> CallResponse {
        do {
            let (head, complete) = try await wait { state -> (HTTPResponse, ByteBuffer?)? in
                if let head = state.head { return (head, state.complete) }
                if let failure = state.failure { throw failure }
                return nil
            }
            return CallResponse(
                status: head.status.code, fields: head.headerFields, body: complete.map { .complete($0) } ?? .stream(self))
        } catch {
            cancel()
            throw error
        }
    }

    func next() async throws -> ByteBuffer? {
        try await wait { state -> ByteBuffer?? in
            if let piece = state.piece {
                state.piece = nil
                return .some(piece)
            }
            if let failure = state.failure { throw failure }
            return state.isEnded || state.isCancelled ? .some(nil) : nil
        }
    }

    func cancel() {
        change { ($0.isCancelled, $0.piece) = (true, nil) }
        state.withLockedValue { $0.work }?.cancel()
    }

    // MARK: Both

    private func change(_ change: (inout State) -> Void) {
        let waiters = state.withLockedValue { state in
            change(&state)
            state.version += 1
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until a step gives something.
    private func wait<Value>(_ step: (inout State) throws -> Value?) async throws -> Value {
        while true {
            try Task.checkCancellation()
            let (value, version) = try state.withLockedValue { state in (try step(&state), state.version) }
            if let value {
                change { _ in }
                return value
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isDue = state.withLockedValue { state in
                        guard state.version == version, !Task.isCancelled else { return true }
                        state.waiters.append(continuation)
                        return false
                    }
                    if isDue { continuation.resume() }
                }
            } onCancel: {
                change { _ in }
            }
        }
    }
}
