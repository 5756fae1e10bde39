import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Sends the head of an answer with the first of its bytes, so that until then the answer may become another one.
///
/// Whoever writes sees to it that nobody else does at the time, as `KeepAlive` and its loop do.
final class LateHead: ResponseWriter {
    private let head: HTTPResponse
    private let writer: any ResponseWriter
    private let hasBegunBox = NIOLockedValueBox(false)

    /// A head that has not been sent.
    init(_ head: HTTPResponse, writer: any ResponseWriter) {
        self.head = head
        self.writer = writer
    }

    /// Whether it has been sent.
    var hasBegun: Bool { hasBegunBox.withLockedValue { $0 } }

    /// Sends another answer in its place.
    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws { try await writer.respond(head, body: body) }
    /// Sends another head in its place.
    func begin(_ head: HTTPResponse) async throws { try await writer.begin(head) }

    /// Sends bytes, the head before the first.
    func write(_ bytes: ByteBuffer) async throws {
        try await begin()
        try await writer.write(bytes)
    }

    /// Ends the body, if need be an empty one.
    func end() async throws {
        try await begin()
        try await writer.end()
    }

    private func begin() async throws {
        let isFirst = hasBegunBox.withLockedValue { hasBegun in
            defer { hasBegun = true }
            return !hasBegun
        }
        if isFirst { try await writer.begin(head) }
    }
}
