import A2ABridge
import HTTPTypes
import HubCore
import HubUpstream
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Where webhooks may be though it is not public, as written.
struct WebhookRule: Sendable, Hashable {
    var origins: Set<HTTPAddress> = []
    var ranges: [AddressRange] = []

    /// Whether a webhook may be there. A range is for addresses that are written as such, and for this machine by its name.
    func allows(_ origin: HTTPAddress) -> Bool {
        if origins.contains(origin) { return true }
        let host = origin.hostClass == .loopback && IPAddress(origin.host) == nil ? "127.0.0.1" : origin.host
        return IPAddress(host).map { address in ranges.contains { $0.contains(address) } } ?? false
    }
}

/// Connects to webhooks, whose addresses are their clients' word: to public addresses, and to origins that the operator has allowed.
final class Webhooks: WebhookSender {
    private let registry: UpstreamRegistry
    private let logger: Logger
    private let allowed = NIOLockedValueBox(WebhookRule())

    init(registry: UpstreamRegistry, logger: Logger) { (self.registry, self.logger) = (registry, logger) }

    /// Puts in force what the operator has allowed.
    func allow(_ rule: WebhookRule) { allowed.withLockedValue { $0 = rule } }

    private func isAllowed(_ address: WebhookAddress) -> Bool { allowed.withLockedValue { $0.allows(address.origin) } }

    func check(_ address: WebhookAddress) async throws {
        guard !isAllowed(address) else { return }
        // A name is looked at again when it has been resolved, at each connection.
        guard address.origin.hostClass == .public || address.origin.hostClass == .name else {
            throw HubError(.addressRefused, "No notifications are sent to private addresses")
        }
    }

    func post(_ body: ByteBuffer, headers: HTTPFields, to address: WebhookAddress, timeout: Duration) async throws -> Int {
        let service = registry.service(
            for: UpstreamSettings(
                name: "webhook", addresses: [UpstreamAddress(address: address.origin)],
                timeouts: UpstreamTimeouts(connect: .seconds(5), firstByte: timeout, idle: timeout, total: timeout),
                maximumResponseBytes: 64 << 10,
                isOperatorDefined: isAllowed(address)))
        let response = try await service.send(
            OutboundRequest(method: .post, path: address.target, headers: headers, body: body), principal: .anonymous, logger: logger,
            deadline: .now() + TimeAmount(timeout))
        if case .stream(let stream) = response.body { stream.cancel() }
        return response.status
    }
}

extension SnapshotBuilder {
    /// The public half of the hub's key, where agents sign with it.
    func keyDocuments(_ settings: Settings) -> [String: PublicDocument] {
        guard !settings.agents.isEmpty, let hubKey else { return [:] }
        var documents = [HubKey.path: hubKey.keySet]
        if let prefix = settings.publicURL?.path, !prefix.isEmpty { documents[prefix + HubKey.path] = hubKey.keySet }
        return documents
    }
}
