import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A provider's stream in the words of a caller of another dialect, for one reader. An error is its last event.
final class ConvertedStream: BodyStream {
    private struct State {
        var stream: AnswerStream
        var encoder: any AnswerEncoder
        var ready = ByteBuffer()
        var error: ProviderError?
    }

    private let upstream: any BodyStream
    private let meter: UsageMeter
    private let state: NIOLockedValueBox<State>

    init(_ upstream: any BodyStream, stream: AnswerStream, encoder: any AnswerEncoder, meter: UsageMeter) {
        self.upstream = upstream
        self.meter = meter
        state = NIOLockedValueBox(State(stream: stream, encoder: encoder))
    }

    /// Waits for the first event that says something.
    ///
    /// - Throws: the error that came in its place.
    func open() async throws(ProviderError) {
        var hasContent = false
        while !hasContent, !state.withLockedValue({ $0.stream.isOver }) {
            let events = await pull()
            hasContent = events.contains(where: \.isContent)
            if !hasContent, let error = state.withLockedValue({ $0.error }) { throw error }
        }
    }

    func next() async throws -> ByteBuffer? {
        while true {
            let (ready, isOver) = state.withLockedValue { state in
                defer { state.ready = ByteBuffer() }
                return (state.ready, state.stream.isOver)
            }
            if ready.readableBytes > 0 { return ready }
            if isOver { return nil }
            _ = await pull()
        }
    }

    func cancel() { upstream.cancel() }

    /// Reads a piece; gives its events, which are ready then.
    private func pull() async -> [ChatEvent] {
        var piece: ByteBuffer?
        var failure: ProviderError?
        do {
            piece = try await upstream.next()
        } catch is CancellationError {
            upstream.cancel()  // now: the farewell may have to wait for its reader
            failure = .stopping  // or the caller has gone, and nobody hears it
        } catch {
            failure = ProviderError(error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error))
        }
        let events = state.withLockedValue { state in
            let events = failure.map { state.stream.fail($0) } ?? piece.map { state.stream.take($0) } ?? state.stream.finish()
            for event in events { state.encoder.write(event, to: &state.ready) }
            if case .error(let error) = events.last { state.error = error }
            return events
        }
        meter.take(events)
        if let error = state.withLockedValue({ $0.error }) {
            meter.fail(error)
            meter.ending = .interrupted
        }
        return events
    }
}

extension ChatEvent {
    /// Whether it is part of the answer, so that there is no way back to an error with a status.
    fileprivate var isContent: Bool {
        switch self {
        case .start, .usage, .error: false
        case .text, .reasoning, .signature, .redacted, .callStart, .callArguments, .callEnd, .refusal, .logprobs, .citation, .end: true
        }
    }
}
