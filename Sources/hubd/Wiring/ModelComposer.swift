import HubCore
import HubTelemetry
import HubUpstream
import ModelProxy

/// Makes Model APIs: the services that answer, the rules by which one is chosen, and the policies around all of it.
struct ModelComposer {
    let registry: UpstreamRegistry
    let metrics: HubMetrics
    let timers: TimerTable
    let hosts: HostRule
    /// How the ways to services are doing, of all snapshots.
    let health: ModelServiceHealth
    /// Answers that may be given again, of all snapshots.
    let cache: ModelCache

    /// Models think before they answer and pause while they do: limits that suit a tool call would cut good answers.
    static let timeouts = UpstreamTimeouts(firstByte: .seconds(600), idle: .seconds(300), total: .seconds(1800))

    /// What stands around a call of an API, the outermost first. No label is the model's name: callers choose it.
    static func policies(api: String, toolLimit: Int?, metrics: HubMetrics) -> [any Policy] {
        let order: [(any Policy)?] = [
            ModelCallMetrics(api: api, metrics: metrics),  // outermost: how a call ended is known at its end
            toolLimit.map { ToolSelection(limit: $0) },  // before what is asked for is looked up in the cache
        ]
        return order.compactMap { $0 }
    }

    /// A service with its ways.
    ///
    /// - Parameter ways: what each way reaches; empty: what the service needs is away.
    func service(_ entry: ModelServiceEntry, over ways: [UpstreamSettings]) -> ModelService {
        // The provider's customary base; an address with a path of its own replaces it.
        let provider = entry.provider
        var members = ways.enumerated().map { number, settings in
            var settings = settings
            settings.asksForCompression = false  // a compressor between holds events back
            return ModelService.Member(
                name: "\(number + 1)", target: MessageTarget(service: registry.service(for: settings), basePath: provider.basePath))
        }
        if members.isEmpty { members = [ModelService.Member(name: "away", target: AwayTarget())] }
        return ModelService(name: entry.name, provider: provider, members: members)
    }

    /// The API of an entry.
    ///
    /// - Parameter services: those of the entry, by name.
    func api(_ entry: ModelEntry, of services: [String: ModelService]) -> ModelAPI {
        let rules = entry.routes.map { route in
            ModelRule(
                ModelCondition(route), to: Self.destinations(route.destinations, services),
                fallback: Self.destinations(route.fallback, services))
        }
        let only = entry.services.first.flatMap { services[$0.name] }.map { [ModelRule(to: [ModelDestination($0)])] } ?? []
        return ModelAPI(
            name: entry.name, routing: ModelRouting(rules.isEmpty ? only : rules, limits: entry.limits), health: health,
            caching: entry.cache.map { ModelCaching(cache, lifetime: $0.lifetime, isShared: $0.isShared) },
            policies: Self.policies(api: entry.name, toolLimit: entry.toolLimit, metrics: metrics), hosts: hosts, timers: timers,
            secondsSince1970: { Timekeeper.secondsSince1970 })
    }

    private static func destinations(
        _ written: [ModelRouteEntry.Destination], _ services: [String: ModelService]
    ) -> [ModelDestination] {
        written.compactMap { entry in services[entry.service].map { ModelDestination($0, model: entry.model, weight: entry.weight) } }
    }
}

/// Counts the calls of a Model API by the path they came to.
private struct ModelCallMetrics: Policy {
    private let byPath: [String: CallMetrics]

    init(api: String, metrics: HubMetrics) {
        byPath = Dictionary(
            ModelRoute.allCases.map { route in
                (route.rawValue, metrics.calls(server: "models/\(api)", tool: String(route.rawValue.dropFirst("/v1/".count))))
            }, uniquingKeysWith: { first, _ in first })
    }

    func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
        guard case .message(let message) = call.content, let metrics = byPath[message.path] else { return try await next(call, context) }
        return try await metrics.apply(to: call, context: context, next: next)
    }
}

/// A service that cannot be reached, because a secret is away.
struct AwayTarget: CallTarget {
    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        throw HubError(.upstreamFailed, "The service is not available at present")
    }
}
