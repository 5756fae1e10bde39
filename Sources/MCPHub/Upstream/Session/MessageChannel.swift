import HubCore
import NIOCore

/// A way to a server on which the messages of all requests come together.
protocol MessageChannel: Sendable {
    /// Sends one message.
    func send(_ message: ByteBuffer, principal: Principal, deadline: NIODeadline) async throws
    /// Sends one message that nobody waits for; what cannot be sent is dropped. Does not wait.
    func sendSoon(_ message: ByteBuffer)
    /// Passes on what was sent, where that takes somebody beside the senders; returns when the channel takes no more.
    func run() async throws
    /// The next message; nil where there are no more. For one reader.
    func next() async throws -> ByteBuffer?
    /// Ends it. Does not wait.
    func close()
    /// What the server said beside its messages, for the log; empty: nothing.
    var diagnostics: String { get }
}
