public import HubCore
public import Logging
import NIOCore

/// What the requests of one operation show beside the credential of the upstream itself. Made when a snapshot is built.
public struct OperationCredentials: Sendable {
    let shown: ShownCredentials
    let redaction: Redaction

    /// Credentials of an operation.
    ///
    /// - Parameters:
    ///   - shown: those that its requests carry.
    ///   - known: those that any operation of the same API carries: none of them may come back in an answer.
    public init(shown: [UpstreamCredential], known: [UpstreamCredential]) {
        self.shown = ShownCredentials(shown)
        redaction = Redaction(shown + known)
    }
}

/// An upstream as one operation uses it: each request shows what the operation shows.
public struct UpstreamAccess: Sendable {
    let service: UpstreamService
    private let credentials: OperationCredentials?

    /// The use of `service` with these credentials beside its own.
    public init(_ service: UpstreamService, credentials: OperationCredentials?) {
        self.service = service
        self.credentials = credentials
    }

    /// Sends one request and collects the answer, as `UpstreamService.collect` does.
    public func collect(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> CollectedResponse {
        try await service.collect(request, basePath: basePath, credentials: credentials, logger: logger)
    }

    /// Sends one request and gives the answer when its head has come, as `UpstreamService.send` does.
    public func send(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> UpstreamResponse {
        try await service.send(request, basePath: basePath, credentials: credentials, logger: logger)
    }
    /// Sends one request and gives the answer when its head has come, as `UpstreamService.open` does.
    func open(
        _ request: OutboundRequest, basePath: String, logger: Logger, deadline: NIODeadline
    ) async throws -> (response: UpstreamResponse, length: Int?) {
        try await service.open(request, basePath: basePath, credentials: credentials, logger: logger, deadline: deadline)
    }
}
