import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// One response from who writes it to who reads it inside the hub, piece by piece: a writer waits until its piece was taken.
final class ResponsePipe: ResponseWriter, BodyStream {
    private struct State {
        var head: HTTPResponse?
        var complete: ByteBuffer?
        var piece: ByteBuffer?
        var isEnded = false
        var error: (any Error)?
        var isAbandoned = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?
        var abandoned: (@Sendable () -> Void)?

        /// Whether a reader need not wait.
        var hasNews: Bool { piece != nil || isEnded || isAbandoned }
    }

    private let state = NIOLockedValueBox(State())

    // MARK: Writing

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        change { ($0.head, $0.complete, $0.isEnded) = (head, body, true) }
    }

    func begin(_ head: HTTPResponse) async throws { change { $0.head = head } }

    func write(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        change { $0.piece = bytes }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLockedValue { state in
                guard state.piece != nil, !state.isAbandoned else { return true }
                state.writer = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
        if state.withLockedValue({ $0.isAbandoned }) { throw CancellationError() }
    }

    func end() async throws { finish() }
    func cut() { fail(HubError(.upstreamFailed, "The answer broke off")) }

    /// Breaks the response off; does nothing after its end.
    func fail(_ error: any Error) {
        change { state in
            if !state.isEnded { (state.error, state.isEnded) = (error, true) }
        }
    }

    /// Ends the response.
    func finish() { change { $0.isEnded = true } }

    private func change(_ change: (inout State) -> Void) {
        let reader = state.withLockedValue { state in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    // MARK: Reading

    /// What is done when nobody reads any more.
    func whenAbandoned(_ action: @escaping @Sendable () -> Void) {
        let isTooLate = state.withLockedValue { state in
            state.abandoned = action
            return state.isAbandoned
        }
        if isTooLate { action() }
    }

    /// The response, once its head is there.
    func response() async throws -> CallResponse {
        while true {
            let (head, complete, isEnded, error) = state.withLockedValue { ($0.head, $0.complete, $0.isEnded, $0.error) }
            if let head {
                let body = complete.map { ResponseBody.complete($0) } ?? .stream(self)
                return CallResponse(status: head.status.code, fields: head.headerFields, body: body)
            }
            try checkReading()
            if let error { throw error }
            if isEnded { throw HubError(.upstreamFailed, "There was no answer") }
            await wait { $0.head != nil || $0.hasNews }
        }
    }

    func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            while true {
                let (piece, writer, isEnded, error) = state.withLockedValue { state in
                    defer { (state.piece, state.writer) = (nil, nil) }
                    return (state.piece, state.writer, state.isEnded, state.error)
                }
                writer?.resume()
                if let piece { return piece }
                try checkReading()
                if let error { throw error }
                if isEnded { return nil }
                await wait { $0.hasNews }
            }
        } onCancel: {
            cancel()
        }
    }

    private func checkReading() throws {
        try Task.checkCancellation()
        if state.withLockedValue({ $0.isAbandoned }) { throw CancellationError() }
    }

    private func wait(until isThere: @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLockedValue { state in
                guard !isThere(state) else { return true }
                state.reader = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    func cancel() {
        let (action, reader, writer) = state.withLockedValue { state in
            state.isAbandoned = true
            defer { (state.abandoned, state.reader, state.writer) = (nil, nil, nil) }
            return (state.isEnded ? nil : state.abandoned, state.reader, state.writer)
        }
        action?()
        reader?.resume()
        writer?.resume()
    }
}
