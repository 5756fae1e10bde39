import HubCore
import NIOCore

/// Writes the body of an operation whose description says more about it than its JSON Schema can.
protocol MessageWriter: Sendable {
    /// The body.
    ///
    /// - Parameter members: the arguments that were given: the name in the schema, the name the caller knows, the value.
    /// - Throws: `HubError` with `.invalidArguments` and a message that names the argument.
    func write(_ members: [(name: String, argument: String, value: JSONValue)]) throws(HubError) -> ByteBuffer

    /// The same writer for messages that carry a token.
    func secured(by token: UsernameToken) -> any MessageWriter
}
