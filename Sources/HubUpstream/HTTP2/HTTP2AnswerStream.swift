import AsyncHTTPClient
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The body of an answer over HTTP/2: a task takes it from the client, at most a bound ahead of the reader.
final class HTTP2AnswerStream: BodyStream {
    private struct State {
        var unread = ByteBuffer()
        var end: Result<Void, UpstreamFailure>?
        var reader: CheckedContinuation<Void, Never>?
        var feeder: CheckedContinuation<Void, Never>?

        /// Nothing more comes; gives who waits.
        mutating func finish(_ result: Result<Void, UpstreamFailure>) -> [CheckedContinuation<Void, Never>] {
            if end == nil { end = result }
            defer { (reader, feeder) = (nil, nil) }
            return [reader, feeder].compactMap { $0 }
        }
    }

    private let state = NIOLockedValueBox(State())
    private let task: Task<Void, Never>
    private let timers: TimerTable
    private let timer: TimerTable.Token

    init(_ body: HTTPClientResponse.Body, deadline: NIODeadline, unreadBytes: Int, timers: TimerTable) {
        self.timers = timers
        let state = state
        // Ends with the body; cancelled by `cancel`, by the timer, and when nobody holds the stream.
        task = Task {
            var result = Result<Void, UpstreamFailure>.success(())
            do {
                for try await piece in body {
                    if await !Self.put(piece, in: state, unreadBytes: unreadBytes) { return }
                }
            } catch {
                result = .failure(HTTP2Transport.failure(for: error))
            }
            for waiting in state.withLockedValue({ $0.finish(result) }) { waiting.resume() }
        }
        let left = Duration.nanoseconds(max(0, (deadline - .now()).nanoseconds))
        timer = timers.add(due: .now + left) { [task] in
            for waiting in state.withLockedValue({ $0.finish(.failure(.timeout)) }) { waiting.resume() }
            task.cancel()
        }
    }

    deinit {
        timers.remove(timer)
        cancel()
    }

    /// Hands a piece over and waits while too much is unread; false where nobody wants more.
    private static func put(_ piece: ByteBuffer, in state: NIOLockedValueBox<State>, unreadBytes: Int) async -> Bool {
        let (reader, isFull) = state.withLockedValue { state in
            defer { state.reader = nil }
            state.unread.writeImmutableBuffer(piece)
            return (state.reader, state.unread.readableBytes > unreadBytes)
        }
        reader?.resume()
        if isFull {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    guard state.end == nil, state.unread.readableBytes > 0 else { return false }
                    state.feeder = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        }
        return state.withLockedValue { $0.end == nil }
    }

    func next() async throws -> ByteBuffer? {
        while true {
            let (bytes, end, feeder) = state.withLockedValue { state in
                guard state.unread.readableBytes > 0 else { return (ByteBuffer?.none, state.end, CheckedContinuation<Void, Never>?.none) }
                defer { (state.unread, state.feeder) = (ByteBuffer(), nil) }
                return (state.unread, nil, state.feeder)
            }
            feeder?.resume()
            if let bytes { return bytes }
            switch end {
            case .success: return nil
            case .failure(let failure): throw failure.error
            case nil: await wait()
            }
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    guard state.end == nil, state.unread.readableBytes == 0 else { return false }
                    state.reader = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    func cancel() {
        for waiting in state.withLockedValue({ $0.finish(.failure(.cancelled)) }) { waiting.resume() }
        task.cancel()
    }
}
