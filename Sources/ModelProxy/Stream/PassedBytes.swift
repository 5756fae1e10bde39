import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// An answer that is no stream of events, on its way to a caller of the same dialect as it comes, for one reader; counts what it says it took.
final class PassedBytes: BodyStream {
    /// How much of an answer is kept to read its counts from, in bytes.
    static let maximumKeptBytes = 8 << 20

    private struct State {
        /// What has been read and not handed on.
        var ready = ByteBuffer()
        /// The answer so far; nil where it is too long to be kept.
        var kept: ByteBuffer? = ByteBuffer()
        var isOver = false
    }

    private let upstream: any BodyStream
    private let dialect: CallerDialect
    private let meter: UsageMeter
    private let state = NIOLockedValueBox(State())

    init(_ upstream: any BodyStream, dialect: CallerDialect, meter: UsageMeter) {
        self.upstream = upstream
        self.dialect = dialect
        self.meter = meter
    }

    /// Waits for the end, or for more than is kept. Gives the whole answer, or nil where there is more of it.
    func open() async throws -> ByteBuffer? {
        while true {
            let (isKept, isOver) = state.withLockedValue { ($0.kept != nil, $0.isOver) }
            guard isKept else { return nil }
            if isOver { return state.withLockedValue { $0.kept } }
            guard let piece = try await upstream.next() else {
                state.withLockedValue { $0.isOver = true }
                continue
            }
            keep(piece)
            state.withLockedValue { _ = $0.ready.writeImmutableBuffer(piece) }
        }
    }

    func next() async throws -> ByteBuffer? {
        let (ready, isOver) = state.withLockedValue { state in
            defer { state.ready = ByteBuffer() }
            return (state.ready, state.isOver)
        }
        if ready.readableBytes > 0 { return ready }
        guard !isOver else { return nil }
        if let piece = try await upstream.next() {
            keep(piece)
            return piece
        }
        let kept = state.withLockedValue { state in
            state.isOver = true
            return state.kept
        }
        // Its head has gone out with a status of success; that it is none is still told to whoever counts and chooses.
        if let kept, let error = PassedMessage.count(kept, dialect: dialect, meter: meter) {
            meter.fail(error)
            meter.ending = .failed
        }
        return nil
    }

    func cancel() { upstream.cancel() }

    private func keep(_ piece: ByteBuffer) {
        let more = state.withLockedValue { state in
            guard let held = state.kept?.readableBytes else { return piece.readableBytes }
            if held + piece.readableBytes <= Self.maximumKeptBytes {
                state.kept?.writeImmutableBuffer(piece)
                return 0
            }
            state.kept = nil
            return held + piece.readableBytes
        }
        if more > 0 { meter.take(contentBytes: more) }
    }
}

extension PassedMessage {
    /// Takes the counts of an answer in one piece; gives the error that it is.
    static func count(_ body: ByteBuffer, dialect: CallerDialect, meter: UsageMeter) -> ProviderError? {
        // Why it does not parse helps nobody: it passes as it is.
        guard let root = try? JSONDocument(parsing: body, limits: .payload).root, root.kind == .object else { return nil }
        let message = PassedMessage(whole: root, dialect: dialect)
        if let usage = message.usage { meter.take(usage) }
        meter.take(contentBytes: message.contentBytes)
        return message.error
    }
}
