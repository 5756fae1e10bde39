import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Sends the head of an answer with the first of its bytes, so that until then the answer may become another one.
///
/// Whoever writes sees to it that nobody else does at the time, as `KeepAlive` and its loop do.
final class LateHead: ResponseWriter {
    private struct State {
        var head: HTTPResponse
        var hasBegun = false
    }

    private let writer: any ResponseWriter
    private let state: NIOLockedValueBox<State>

    /// A head that has not been sent.
    init(_ head: HTTPResponse = HTTPResponse(status: .ok), writer: any ResponseWriter) {
        self.writer = writer
        state = NIOLockedValueBox(State(head: head))
    }

    /// Whether it has been sent.
    var hasBegun: Bool { state.withLockedValue { $0.hasBegun } }

    /// Puts another head in its place, which does nothing once it has been sent.
    func replace(with head: HTTPResponse) { state.withLockedValue { $0.head = head } }

    /// Sends a whole answer in its place; once it has been sent, what is left of one: its body.
    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        guard hasBegun else { return try await writer.respond(head, body: body) }
        if body.readableBytes > 0 { try await writer.write(body) }
        try await writer.end()
    }

    /// Sends another head in its place.
    func begin(_ head: HTTPResponse) async throws {
        replace(with: head)
        try await begin()
    }

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
        let first = state.withLockedValue { state in
            defer { state.hasBegun = true }
            return state.hasBegun ? nil : state.head
        }
        if let first { try await writer.begin(first) }
    }
}
