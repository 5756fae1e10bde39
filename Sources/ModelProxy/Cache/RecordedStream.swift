import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A stream that is kept while it passes, for one reader.
final class RecordedStream: BodyStream {
    private let stream: any BodyStream
    private let limit: Int
    private let onEnd: @Sendable (ByteBuffer) -> Void
    private let kept = NIOLockedValueBox<ByteBuffer?>(ByteBuffer())

    /// - Parameters:
    ///   - limit: how many bytes are kept; of a longer one none.
    ///   - onEnd: gets all of it, once, when the last byte has come.
    init(_ stream: any BodyStream, upTo limit: Int, onEnd: @escaping @Sendable (ByteBuffer) -> Void) {
        self.stream = stream
        self.limit = limit
        self.onEnd = onEnd
    }

    func next() async throws -> ByteBuffer? {
        guard let piece = try await stream.next() else {
            let whole = kept.withLockedValue { kept in
                defer { kept = nil }
                return kept
            }
            if let whole { onEnd(whole) }
            return nil
        }
        kept.withLockedValue { kept in
            guard let held = kept?.readableBytes else { return }
            if held + piece.readableBytes <= limit { kept?.writeImmutableBuffer(piece) } else { kept = nil }
        }
        return piece
    }

    func cancel() { stream.cancel() }
}
