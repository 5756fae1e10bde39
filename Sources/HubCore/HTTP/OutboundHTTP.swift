public import Logging
public import NIOCore

/// Sends requests to one upstream, whose address, credential and limits are its own affair.
///
/// Implemented by HubUpstream; lives as long as somebody uses it.
public protocol OutboundHTTP: Sendable {
    /// Where the upstream is, for those who read addresses in its answers; nil where it is in several places, or nobody needs to know.
    var address: HTTPAddress? { get }

    /// Sends one request and gives the answer when its head has come. Its body may be a stream.
    ///
    /// - Parameters:
    ///   - request: its path is put below that of the upstream's address.
    ///   - principal: who calls, where the upstream is shown that.
    ///   - logger: hears of failures, with their causes.
    ///   - deadline: for the whole exchange, where it is nearer than that of the upstream's settings.
    /// - Throws: `HubError` with `.upstreamFailed`, `.upstreamTimeout`, `.overloaded` or `.addressRefused`; `CancellationError`.
    func send(_ request: OutboundRequest, principal: Principal, logger: Logger, deadline: NIODeadline) async throws -> CallResponse
}

extension OutboundHTTP {
    /// Nobody needs to know.
    public var address: HTTPAddress? { nil }
}
