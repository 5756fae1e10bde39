import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The events of a provider on their way to a caller of the same dialect, each whole, for one reader; reads on the way what they tell of the
/// call. When they break off, the last event says so.
final class PassedEvents: BodyStream {
    /// How many bytes of events that say nothing wait for one that does.
    private static let maximumHeldBytes = 64 << 10

    /// The end of a last event that lacks it.
    private static let blankLine = ByteBuffer(staticString: "\n\n")

    /// What has been seen of the messages.
    private struct Sight {
        /// What cuts a copy of the stream into messages; nil once they cannot be read.
        var framing: StreamFraming? = .events(SSEDecoder(maximumEventBytes: StreamFraming.maximumMessageBytes))
        /// Whether there is no way back to an answer with another status.
        var isCommitted: Bool
        /// Whether an answer has begun, or was announced.
        var hasAnswer = false
        /// Whether the answer is whole, or failed by its own word.
        var hasEnded = false
        /// An error in place of the answer.
        var error: ProviderError?

        mutating func look(_ piece: ByteBuffer, _ dialect: CallerDialect, _ meter: UsageMeter) {
            guard var framing else { return }
            self.framing = nil  // so that it is not copied
            // What cannot be read passes unread.
            guard let messages = try? framing.take(piece) else { return isCommitted = true }
            self.framing = framing
            for message in messages { look(message, dialect, meter) }
        }

        private mutating func look(_ message: StreamMessage, _ dialect: CallerDialect, _ meter: UsageMeter) {
            if message.data.readableBytesView.starts(with: "[DONE]".utf8) {
                (isCommitted, hasEnded) = (true, true)
                return
            }
            guard let root = try? JSONDocument(parsing: message.data, limits: .payload).root, root.kind == .object else {
                return isCommitted = true  // as above
            }
            let passed = PassedMessage(root, name: message.name, dialect: dialect)
            if let usage = passed.usage { meter.take(usage) }
            if passed.contentBytes > 0 { meter.take(contentBytes: passed.contentBytes) }
            if passed.isContent || passed.isAnnouncement { hasAnswer = true }
            if passed.isEnd { hasEnded = true }
            if let error = passed.error, self.error == nil { self.error = error }
            if passed.error == nil, !passed.isAnnouncement || passed.isContent { isCommitted = true }
        }
    }

    private struct State {
        var sight: Sight
        var events = WholeEvents()
        var held = ByteBuffer()
        var isOver = false
    }

    private let upstream: any BodyStream
    private let dialect: CallerDialect
    private let requestID: String
    private let isConversation: Bool
    private let meter: UsageMeter
    private let state: NIOLockedValueBox<State>

    init(_ upstream: any BodyStream, plan: ModelPlan, requestID: String, meter: UsageMeter) {
        self.upstream = upstream
        dialect = plan.dialect
        self.requestID = requestID
        isConversation = plan.route.conversation != nil
        self.meter = meter
        state = NIOLockedValueBox(State(sight: Sight(isCommitted: !isConversation)))
    }

    /// Waits for the first event that says something.
    ///
    /// - Throws: the error that came in its place.
    func open() async throws(ProviderError) {
        while true {
            let (isCommitted, error, isOver) = state.withLockedValue { state in
                (state.sight.isCommitted || state.held.readableBytes > Self.maximumHeldBytes, state.sight.error, state.isOver)
            }
            if isCommitted { return }
            if let error { throw error }
            if isOver { throw .cut }
            do {
                guard let piece = try await upstream.next() else {
                    let (isCut, error) = state.withLockedValue { state in
                        state.isOver = true
                        state.sight.look(Self.blankLine, dialect, meter)
                        if let rest = state.events.rest() { state.held.writeImmutableBuffer(rest) }
                        return (!state.sight.hasEnded, state.sight.isCommitted ? nil : state.sight.error)
                    }
                    if let error { throw error }
                    if isCut { throw ProviderError.cut }
                    return
                }
                take(piece)
            } catch let error as ProviderError {
                throw error
            } catch is CancellationError {
                upstream.cancel()
                throw .stopping
            } catch {
                throw ProviderError(error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error))
            }
        }
    }

    func next() async throws -> ByteBuffer? {
        while true {
            let (held, isOver) = state.withLockedValue { state in
                defer { state.held = ByteBuffer() }
                return (state.held, state.isOver)
            }
            if held.readableBytes > 0 { return held }
            if isOver { return nil }
            do {
                if let piece = try await upstream.next() { take(piece) } else { finish() }
            } catch is CancellationError {
                upstream.cancel()  // now: the farewell may have to wait for its reader
                end(.stopping, .stopping)  // or the caller has gone, and nobody hears it
            } catch {
                let error = error as? HubError ?? HubError(.internal, "The hub failed to answer", cause: error)
                end(OpenAIError(error), ProviderError(error))
            }
        }
    }

    func cancel() { upstream.cancel() }

    private func take(_ piece: ByteBuffer) {
        let error = state.withLockedValue { state in
            state.sight.look(piece, dialect, meter)
            if let bytes = state.events.take(piece) { state.held.writeImmutableBuffer(bytes) }
            return state.sight.error
        }
        if let error { interrupt(error) }
    }

    private func finish() {
        let (isCut, error) = state.withLockedValue { state in
            state.isOver = true
            state.sight.look(Self.blankLine, dialect, meter)
            // An end without its last word is a cut, whoever closed the connection; where the words cannot be read, nobody knows.
            let isCut = state.sight.hasAnswer && !state.sight.hasEnded && state.sight.framing != nil
            // Half an event would swallow the error behind it.
            if !isCut, let rest = state.events.rest() { state.held.writeImmutableBuffer(rest) }
            return (isCut, state.sight.error)
        }
        if isCut { end(OpenAIError(.cut), .cut) } else if let error { interrupt(error) }
    }

    private func interrupt(_ error: ProviderError) {
        meter.fail(error)
        meter.ending = .interrupted
    }

    private func end(_ failure: OpenAIError, _ error: ProviderError) {
        interrupt(error)
        state.withLockedValue { state in
            state.isOver = true
            // A long event of which half is out cannot be taken back; ended, it is read as the broken JSON that it is.
            if state.events.isInsideEvent { state.held.writeStaticString("\n\n") }
            state.held.writeImmutableBuffer(dialect.lastEvent(failure, requestID: requestID))
        }
    }
}
