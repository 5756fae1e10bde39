import HubCore
import HubUpstream
import ModelProxy

extension SnapshotBuilder {
    /// The Model APIs of `settings`. Nothing of them is read over the network, so that all are there or have a finding.
    func models(
        _ settings: Settings, upstreams: [String: UpstreamSettings], fetching: Fetching, _ findings: inout FindingCollector
    ) -> [EntryKey: any HubEntry] {
        let composer = ModelComposer(registry: registry, metrics: metrics, timers: timers, hosts: settings.hostRule)
        var entries: [EntryKey: any HubEntry] = [:]
        for entry in settings.models {
            do throws(ConfigFinding) {
                let key = fetching.usesSecretsAndNetwork ? try entry.service.key.map(bearer) : nil
                guard let upstream = upstream(of: entry, key: key, settings: settings, upstreams: upstreams) else { continue }
                entries[EntryKey(kind: .models, name: entry.name)] = composer.api(entry, at: upstream)
            } catch {
                findings.add([error])
            }
        }
        return entries
    }

    private func bearer(_ reference: SecretReference) throws(ConfigFinding) -> UpstreamCredential {
        .bearer(try sendable(reference))
    }

    private func upstream(
        of entry: ModelEntry, key: UpstreamCredential?, settings: Settings, upstreams: [String: UpstreamSettings]
    ) -> UpstreamSettings? {
        switch entry.service.location {
        case .endpoint(let address):
            return UpstreamSettings(
                name: "models/\(entry.name)/\(entry.service.name)", addresses: [UpstreamAddress(address: address)], credential: key,
                timeouts: ModelComposer.timeouts, isOperatorDefined: true)
        case .upstream(let name):
            guard let written = settings.upstreams[name.value], var upstream = upstreams[name.value] else { return nil }
            upstream.timeouts = written.timeouts.over(ModelComposer.timeouts)
            if let key { upstream.credential = key }
            return upstream
        }
    }
}
