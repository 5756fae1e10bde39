import HubCore
import HubTelemetry
import HubUpstream
import ModelProxy

/// Makes Model APIs: the service that answers, with the policies around it.
struct ModelComposer {
    let registry: UpstreamRegistry
    let metrics: HubMetrics
    let timers: TimerTable
    let hosts: HostRule

    /// Models think before they answer and pause while they do: limits that suit a tool call would cut good answers.
    static let timeouts = UpstreamTimeouts(firstByte: .seconds(600), idle: .seconds(300), total: .seconds(1800))

    /// What stands around a call of an API, the outermost first. No label is the model's name: callers choose it.
    static func policies(api: String, metrics: HubMetrics) -> [any Policy] {
        [
            metrics.calls(server: "models/\(api)", tool: "chat/completions")  // outermost: how a call ended is known at its end
        ]
    }

    /// The API of an entry whose service is at `settings`.
    func api(_ entry: ModelEntry, at settings: UpstreamSettings) -> ModelAPI {
        var settings = settings
        settings.asksForCompression = false  // a compressor between holds events back
        // The provider's customary base; an address with a path of its own replaces it.
        let provider = entry.service.provider
        let target = MessageTarget(service: registry.service(for: settings), basePath: provider.basePath)
        let policies = Self.policies(api: entry.name, metrics: metrics)
        return ModelAPI(
            name: entry.name, target: PolicyChain(policies, around: target), hosts: hosts, timers: timers, provider: provider,
            secondsSince1970: { Timekeeper.secondsSince1970 })
    }
}
