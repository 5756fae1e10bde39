import HTTPTypes
import NIOCore

/// Takes the response of one exchange onto its connection or stream. Lives, and is used, on one event loop.
///
/// Either `respond`, or `begin`, any number of `write`s and `end`; `abandon` at any time. What comes after the end does nothing.
protocol ResponseSink: AnyObject {
    /// Sends a complete response.
    func respond(_ head: HTTPResponse, body: ByteBuffer)
    /// Sends the head of a response whose length is not known.
    func begin(_ head: HTTPResponse)
    /// Sends a piece of its body.
    func write(_ bytes: ByteBuffer)
    /// Ends it.
    func end()
    /// Cuts it: its reader must not take it for complete.
    func abandon()
    /// Cuts it, and cancels the task that answers.
    func cut()
    /// Hands the connection over to a WebSocket, with this as the answer to the opening handshake; nil where it has gone. Only a request with
    /// an offer is accepted, and nothing else is done with this sink after that.
    func accept(_ head: HTTPResponse) -> WebSocketHandler?
    /// Whether more may be written now; false while the reader is behind, and when it has gone.
    var isWritable: Bool { get }
    /// Calls `resume` once, when more may be written or when the reader has gone; gives false where it has gone already.
    func whenWritable(_ resume: @escaping () -> Void) -> Bool
}

extension ResponseSink {
    /// A stream cannot be handed over.
    func accept(_ head: HTTPResponse) -> WebSocketHandler? { nil }
}
