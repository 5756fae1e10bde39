import HTTPTypes
import NIOCore

/// An entry of the hub as what performs calls of another, such as a Model API for the planner of an agent: a message is answered as if its caller
/// had sent it, without a connection.
///
/// The caller of the call is the caller of the message. Whether it may use the entry is not asked: the operator who names the entry has said so.
public struct EntryTarget: CallTarget {
    private let entry: any HubEntry
    private let path: String

    /// A target.
    ///
    /// - Parameters:
    ///   - entry: what answers.
    ///   - path: what stands before the paths of messages, such as `/v1`; empty, or without a trailing slash.
    public init(_ entry: any HubEntry, below path: String) { (self.entry, self.path) = (entry, path) }

    /// Lets the entry answer the message; comes back when the answer has its head.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content, message.bodyStream == nil else {
            throw HubError(.internal, "The hub failed to answer")
        }
        let head = HTTPRequest(
            method: message.method, scheme: "http", authority: "localhost", path: path + message.path, headerFields: message.headers)
        var request = InboundRequest(
            head: head, host: "localhost", body: message.body ?? ByteBuffer(), id: context.requestID,
            remoteAddress: context.callerAddress ?? "", logger: context.logger)
        request.principal = context.principal
        let exchange = EntryExchange()
        exchange.begin { [entry, request] in
            try await entry.respond(to: request, subpath: request.path, writer: exchange)
        }
        return try await exchange.response()
    }
}
