import HubCore
import Logging
import NIOCore

/// The way to one MCP server over HTTP: an upstream at whose address the server itself is, with what an address does not keep of a URL.
struct MCPEndpoint: OutboundHTTP {
    /// Sends the requests.
    let upstream: any OutboundHTTP
    /// Where the server is, where that is one place.
    let address: HTTPAddress?
    /// What comes after the path of the address: the slash at its end, which some servers insist on, and a query.
    let suffix: String

    func send(_ request: OutboundRequest, principal: Principal, logger: Logger, deadline: NIODeadline) async throws -> CallResponse {
        var request = request
        if request.path.isEmpty { request.path = suffix }
        return try await upstream.send(request, principal: principal, logger: logger, deadline: deadline)
    }
}
