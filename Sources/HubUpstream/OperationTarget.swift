public import HubCore

/// Performs calls of one operation of an HTTP API: arguments become a request, the upstream's answer is the response.
public struct OperationTarget: CallTarget {
    private let encoder: any RequestEncoder
    private let decoder: (any ResponseDecoder)?
    private let service: UpstreamAccess
    private let basePath: String

    /// A target.
    ///
    /// - Parameters:
    ///   - encoder: makes the request.
    ///   - decoder: turns the answer into what callers get; nil passes it on.
    ///   - service: sends it.
    ///   - credentials: what its requests show beside the credential of the upstream.
    ///   - basePath: the path of the description's server, used where the upstream's address has none.
    public init(
        encoder: any RequestEncoder, decoder: (any ResponseDecoder)? = nil, service: UpstreamService,
        credentials: OperationCredentials? = nil, basePath: String
    ) {
        self.encoder = encoder
        self.decoder = decoder
        self.service = UpstreamAccess(service, credentials: credentials)
        self.basePath = basePath
    }

    /// Sends the request and gives back what the upstream said, complete, failures of its own included.
    public func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        let request = try encoder.encode(call.arguments)
        let response = try await service.collect(request, basePath: basePath, logger: context.logger)
        if let decoder { return decoder.decode(status: response.status, fields: response.fields, body: response.body) }
        return CallResponse(status: response.status, fields: response.fields, body: .complete(response.body))
    }
}
