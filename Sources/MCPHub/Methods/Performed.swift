import HubCore
import NIOCore

/// What performing a request gave, before it is put into the words of its client.
enum Performed: Sendable {
    /// What a tool answered, complete.
    case response(CallResponse, body: ByteBuffer)
    /// The result of another server, of any `resultType`.
    case result(JSONDocument)
}
