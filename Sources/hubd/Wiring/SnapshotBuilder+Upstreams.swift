import HubCore
import HubUpstream

extension SnapshotBuilder {
    /// The credentials of the upstreams, without those that are away.
    func upstreamCredentials(
        _ settings: Settings, _ secrets: ResolvedSecrets, _ findings: inout FindingCollector
    ) async -> [String: UpstreamCredential] {
        var credentials: [String: UpstreamCredential] = [:]
        for (name, upstream) in settings.upstreams {
            do throws(ConfigFinding) {
                guard let credential = upstream.credential, secrets.firstAway(of: credential.secrets) == nil else { continue }
                credentials[name] = try await credential.read(secrets.reading)
            } catch {
                findings.add([error])
            }
        }
        return credentials
    }

    func readSchemeSecrets(
        _ settings: Settings, _ secrets: ResolvedSecrets, _ findings: inout FindingCollector
    ) -> [SecretReference: Secret] {
        var values: [SecretReference: Secret] = [:]
        for reference in settings.servers.flatMap(\.requestSecrets) + settings.callerSecrets {
            do throws(ConfigFinding) {
                values[reference] = try secrets.sendable(reference)
            } catch {
                findings.add([error])
            }
        }
        // What servers cannot do without makes them unavailable; without these, the callers they are of are not known.
        for reference in settings.callerSecrets { findings.add([secrets.firstAway(of: [reference])].compactMap { $0 }) }
        return values
    }

    /// The authorities of each upstream that names its own.
    func readAuthorities(_ settings: Settings, _ findings: inout FindingCollector) -> [String: CertificateAuthorities] {
        var authorities: [String: CertificateAuthorities] = [:]
        for (name, upstream) in settings.upstreams {
            do throws(ConfigFinding) {
                authorities[name] = try CertificateAuthorities(file: upstream.authorities)
            } catch {
                findings.add([error])
            }
        }
        return authorities
    }

    func upstreamSettings(
        _ entry: UpstreamEntry, credential: UpstreamCredential?, authorities: CertificateAuthorities?
    ) -> UpstreamSettings {
        var settings = UpstreamSettings(
            name: entry.name,
            addresses: entry.addresses.map { UpstreamAddress(address: $0.url, weight: entry.balance == .weighted ? $0.weight : 1) },
            credential: credential, timeouts: entry.timeouts.over(UpstreamTimeouts()), isOperatorDefined: true)
        settings.usesHTTP2 = entry.usesHTTP2
        settings.authorities = authorities
        return settings
    }
}

extension UpstreamEntry.Timeouts {
    /// What is written, over defaults.
    func over(_ defaults: UpstreamTimeouts) -> UpstreamTimeouts {
        UpstreamTimeouts(
            connect: connect ?? defaults.connect, firstByte: firstByte ?? defaults.firstByte, idle: idle ?? defaults.idle,
            total: total ?? defaults.total)
    }
}
