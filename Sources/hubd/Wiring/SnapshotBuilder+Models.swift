import HubCore
import HubUpstream
import ModelProxy

extension SnapshotBuilder {
    /// The Model APIs of `settings`: there, unavailable because a secret is away, or with a finding.
    ///
    /// - Parameter secrets: nil: none is read.
    func models(
        _ settings: Settings, upstreams: [String: UpstreamSettings], secrets: ResolvedSecrets?, _ findings: inout FindingCollector
    ) -> (entries: [EntryKey: any HubEntry], unavailable: [EntryKey: String]) {
        let composer = ModelComposer(registry: registry, metrics: metrics, timers: timers, hosts: settings.hostRule)
        var entries: [EntryKey: any HubEntry] = [:]
        var unavailable: [EntryKey: String] = [:]
        for entry in settings.models {
            if let away = secrets?.firstAway(of: settings.secrets(of: entry)) {
                unavailable[EntryKey(kind: .models, name: entry.name)] = away.message
                findings.add([away])
                continue
            }
            do throws(ConfigFinding) {
                let secret = try entry.service.key.flatMap { reference throws(ConfigFinding) in try secrets?.sendable(reference) }
                let key = secret.map { secret in
                    switch entry.service.provider.key {
                    case .bearer: UpstreamCredential.bearer(secret)
                    case .header(let name): UpstreamCredential.header(name: name, value: secret)
                    }
                }
                guard let upstream = upstream(of: entry, key: key, settings: settings, upstreams: upstreams) else { continue }
                entries[EntryKey(kind: .models, name: entry.name)] = composer.api(entry, at: upstream)
            } catch {
                findings.add([error])
            }
        }
        return (entries, unavailable)
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
