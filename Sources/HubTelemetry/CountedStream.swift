import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A stream that says once how it ended: whole, broken off, or given up.
final class CountedStream: BodyStream {
    private let stream: any BodyStream
    private let onEnd: NIOLockedValueBox<(@Sendable ((any Error)?) -> Void)?>

    /// - Parameter onEnd: is called once, with nil where the last byte came.
    init(_ stream: any BodyStream, onEnd: @escaping @Sendable ((any Error)?) -> Void) {
        self.stream = stream
        self.onEnd = NIOLockedValueBox(onEnd)
    }

    func next() async throws -> ByteBuffer? {
        do {
            let piece = try await stream.next()
            if piece == nil { end(nil) }
            return piece
        } catch {
            end(error)
            throw error
        }
    }

    func cancel() {
        end(CancellationError())
        stream.cancel()
    }

    private func end(_ error: (any Error)?) {
        let onEnd = onEnd.withLockedValue { onEnd in
            defer { onEnd = nil }
            return onEnd
        }
        onEnd?(error)
    }
}
