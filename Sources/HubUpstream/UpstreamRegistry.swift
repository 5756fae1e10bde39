public import HubCore
import NIOConcurrencyHelpers

/// Gives out upstream services; equal settings give the same service for as long as somebody uses it, so that a reload
/// keeps connections.
public final class UpstreamRegistry: Sendable {
    private struct WeakService {
        weak let service: UpstreamService?
    }

    private struct WeakClient {
        weak let client: OAuthClientCredential?
    }

    private let services = NIOLockedValueBox<[UpstreamSettings: WeakService]>([:])
    private let clients = NIOLockedValueBox<[TokenService: WeakClient]>([:])

    /// Keeps the limits of its services.
    let timers: TimerTable

    /// An empty registry; `timers` keeps the limits of its services and must be driven.
    public init(timers: TimerTable) {
        self.timers = timers
    }

    /// The service for these settings.
    public func service(for settings: UpstreamSettings) -> UpstreamService {
        services.withLockedValue { services in
            if let service = services[settings]?.service { return service }
            services = services.filter { $0.value.service != nil }
            let service = UpstreamService(settings, timers: timers)
            services[settings] = WeakService(service: service)
            return service
        }
    }

    /// The credentials of an operation. Operations that fetch their token alike share it for as long as somebody uses it.
    ///
    /// - Parameters:
    ///   - shown: those that its requests carry; of several that fetch a token the last counts.
    ///   - known: those that any operation of the same API carries: none of them may come back in an answer.
    ///   - name: of the API, for logs.
    public func credentials(shown: [UpstreamCredential], known: [UpstreamCredential], name: String) -> OperationCredentials {
        let services = shown.compactMap { credential -> TokenService? in
            if case .oauthClient(let service) = credential { service } else { nil }
        }
        return OperationCredentials(shown: shown, known: known, dynamic: services.last.map { client(of: $0, name: name) })
    }

    private func client(of service: TokenService, name: String) -> OAuthClientCredential {
        clients.withLockedValue { clients in
            if let client = clients[service]?.client { return client }
            clients = clients.filter { $0.value.client != nil }
            let client = OAuthClientCredential(TokenEndpoint(service, name: name) { self.service(for: $0) }, timers: timers, clock: .system)
            clients[service] = WeakClient(client: client)
            return client
        }
    }
}
