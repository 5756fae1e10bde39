import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A body all of which has come, for a reader of pieces: what a provider sends at once is still read as what it is.
final class WholeBody: BodyStream {
    private let body: NIOLockedValueBox<ByteBuffer?>

    init(_ body: ByteBuffer) { self.body = NIOLockedValueBox(body.readableBytes > 0 ? body : nil) }

    func next() async throws -> ByteBuffer? {
        body.withLockedValue { rest -> ByteBuffer? in
            defer { rest = nil }
            return rest
        }
    }

    func cancel() { body.withLockedValue { $0 = nil } }
}
