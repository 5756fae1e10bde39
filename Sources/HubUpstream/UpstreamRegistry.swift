public import HubCore
import NIOConcurrencyHelpers

/// Gives out upstream services; equal settings give the same service for as long as somebody uses it, so that a reload
/// keeps connections.
public final class UpstreamRegistry: Sendable {
    private struct WeakService {
        weak let service: UpstreamService?
    }

    private let services = NIOLockedValueBox<[UpstreamSettings: WeakService]>([:])

    private let timers: TimerTable

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
}
