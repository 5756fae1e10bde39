public import NIOCore

/// A body that one reader pulls piece by piece. Nothing is read ahead beyond a small bound: a reader that waits holds the sender back.
///
/// Ended by its last piece, by an error, or by `cancel`; whoever was given one sees to one of the three.
public protocol BodyStream: Sendable {
    /// The next piece, never empty; nil at the end.
    ///
    /// - Throws: `HubError` with `.upstreamFailed`, `.upstreamTimeout` or `.tooLarge` where the body breaks off; `CancellationError`.
    func next() async throws -> ByteBuffer?
    /// Gives up the rest and frees what carries it at once. Does nothing after the end.
    func cancel()
}

/// The body of an answer.
public enum ResponseBody: Sendable {
    /// All of it.
    case complete(ByteBuffer)
    /// What is still to come.
    case stream(any BodyStream)

    /// All of it, read to its end.
    ///
    /// - Parameter limit: in bytes; one more is refused with `.tooLarge`, and the rest is given up.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .complete(let bytes):
            guard bytes.readableBytes <= limit else { throw Self.tooLarge(limit) }
            return bytes
        case .stream(let stream):
            var body = ByteBuffer()
            while let piece = try await stream.next() {
                guard body.readableBytes + piece.readableBytes <= limit else {
                    stream.cancel()
                    throw Self.tooLarge(limit)
                }
                if body.readableBytes == 0 { body = piece } else { body.writeImmutableBuffer(piece) }
            }
            return body
        }
    }

    private static func tooLarge(_ limit: Int) -> HubError {
        HubError(.tooLarge, "The upstream's answer is larger than \(limit) bytes")
    }
}
