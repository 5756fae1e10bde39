import HTTPTypes
import HubCore
import HubUpstream
import ModelProxy

extension SnapshotBuilder {
    /// The Model APIs of `settings`: there, unavailable because what all its services need is away, or with a finding.
    ///
    /// - Parameter secrets: nil: none is read.
    func models(
        _ settings: Settings, upstreams: [String: UpstreamSettings], secrets: ResolvedSecrets?, _ findings: inout FindingCollector
    ) async -> (entries: [EntryKey: any HubEntry], unavailable: [EntryKey: String]) {
        let composer = ModelComposer(
            registry: registry, metrics: metrics, timers: timers, hosts: settings.hostRule, health: modelHealth, cache: modelCache)
        var entries: [EntryKey: any HubEntry] = [:]
        var unavailable: [EntryKey: String] = [:]
        for entry in settings.models {
            var services: [String: ModelService] = [:]
            var away: [String] = []
            for service in entry.services {
                if let finding = secrets?.firstAway(of: settings.secrets(of: service)) {
                    away.append(finding.message)
                    findings.add([finding])
                    services[service.name] = composer.service(service, over: [])
                    continue
                }
                do throws(ConfigFinding) {
                    let ways = try await ways(to: service, of: entry, settings: settings, upstreams: upstreams, secrets)
                    services[service.name] = composer.service(service, over: ways)
                } catch {
                    findings.add([error])
                }
            }
            let key = EntryKey(kind: .models, name: entry.name)
            if let reason = away.first, away.count == entry.services.count {
                unavailable[key] = reason
            } else if services.count == entry.services.count {
                entries[key] = composer.api(entry, of: services)
            }
        }
        return (entries, unavailable)
    }

    /// The ways to a service: one for each of its keys, or one.
    private func ways(
        to service: ModelServiceEntry, of entry: ModelEntry, settings: Settings, upstreams: [String: UpstreamSettings],
        _ secrets: ResolvedSecrets?
    ) async throws(ConfigFinding) -> [UpstreamSettings] {
        var base: UpstreamSettings
        switch service.location {
        case .endpoint(let address):
            base = UpstreamSettings(
                name: "models/\(entry.name)/\(service.name)", addresses: [UpstreamAddress(address: address)],
                timeouts: ModelComposer.timeouts, isOperatorDefined: true)
        case .upstream(let name):
            guard let written = settings.upstreams[name.value], let upstream = upstreams[name.value] else { return [] }
            base = upstream
            base.timeouts = written.timeouts.over(ModelComposer.timeouts)
        }
        guard let credential = service.credential, let secrets else { return [base] }
        var ways: [UpstreamSettings] = []
        for shown in try await credential.read(service.provider.key, secrets.reading) {
            base.credential = shown
            ways.append(base)
        }
        return ways
    }
}

extension ModelServiceEntry.Credential {
    /// What is shown over each way, with its secrets.
    fileprivate func read(_ form: ModelKey, _ secret: SecretReading) async throws(ConfigFinding) -> [UpstreamCredential] {
        switch self {
        case .account(let key, let region): return [.sigv4(try await key.aws(region: region, service: "bedrock", secret))]
        case .keys(let keys):
            var shown: [UpstreamCredential] = []
            for reference in keys {
                let key = try reference.sendable(try await secret(reference))
                switch form {
                case .bearer: shown.append(.bearer(key))
                case .header(let name): shown.append(.header(name: name, value: key))
                }
            }
            return shown
        }
    }
}

extension ModelCondition {
    /// The requests that a route is for.
    init(_ route: ModelRouteEntry) {
        self.init(
            fields: route.headers.reduce(into: [:]) { fields, header in
                if let name = HTTPField.Name(header.key) { fields[name] = header.value }
            }, model: route.model.map { NamePattern($0) })
    }
}
