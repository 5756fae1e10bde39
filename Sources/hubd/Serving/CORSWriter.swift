import HTTPTypes
import HubCore
import NIOCore

/// Writes the answers of an entry that has a `CORSRule`, with what browsers and caches must know of it.
struct CORSWriter: ResponseWriter {
    /// What writes.
    let base: any ResponseWriter
    /// The page's origin, if the entry is for it.
    let origin: String?

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        try await base.respond(marked(head), body: body)
    }

    func begin(_ head: HTTPResponse) async throws {
        try await base.begin(marked(head))
    }

    func write(_ bytes: ByteBuffer) async throws { try await base.write(bytes) }

    func end() async throws { try await base.end() }

    func acceptWebSocket(subprotocol: String?) async throws -> any WebSocketConnection {
        try await base.acceptWebSocket(subprotocol: subprotocol)
    }

    func cut() { base.cut() }

    private func marked(_ head: HTTPResponse) -> HTTPResponse {
        var head = head
        CORSRule.mark(&head.headerFields, origin: origin)
        return head
    }
}
