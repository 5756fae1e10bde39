public import HubCore

/// Passes a message on in its own protocol: method, path, fields and bytes are those of the message, the hub's credential is added.
public struct MessageTarget: CallTarget {
    private let service: UpstreamService
    private let basePath: String

    /// A target.
    ///
    /// - Parameters:
    ///   - service: sends the message.
    ///   - basePath: the path below which the protocol lives, used where the upstream's address has none.
    public init(service: UpstreamService, basePath: String) {
        self.service = service
        self.basePath = basePath
    }

    /// Sends the message and gives back what the upstream said as it comes, failures of its own included.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "The hub failed to answer") }
        let response = try await service.send(message, basePath: basePath, principal: context.principal, logger: context.logger)
        return CallResponse(status: response.status, fields: response.fields, body: response.body)
    }
}
