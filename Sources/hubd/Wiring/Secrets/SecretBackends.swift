import HubCore
import HubUpstream
import Logging
import NIOConcurrencyHelpers

/// The places of one configuration that keep secrets.
struct SecretPlaces: Sendable {
    /// By the scheme of the references to what they keep.
    var backends: [SecretReference.Scheme: any SecretBackend] = [:]
    /// Opens the master key that `aws-kms:` names.
    var keys: AWSKeyService?
}

/// The hub's ways to the places that keep secrets. Outlives snapshots: a place whose settings stay is the same after a reload, still
/// logged in.
final class SecretBackends: Sendable {
    private struct Known: Sendable {
        var vault: (settings: VaultSettings, backend: VaultBackend)?
    }

    private let registry: UpstreamRegistry
    private let logger: Logger
    private let known = NIOLockedValueBox(Known())

    init(registry: UpstreamRegistry, logger: Logger) {
        self.registry = registry
        self.logger = logger
    }

    /// The places that the settings name. Nothing is asked of them yet.
    ///
    /// - Parameters:
    ///   - read: reads what opens them, which is kept elsewhere.
    ///   - findings: takes what is wrong with what opens them.
    func backends(
        _ places: SecretStores, read: SecretReading, findings: inout FindingCollector
    ) async -> SecretPlaces {
        var made = SecretPlaces()
        do throws(ConfigFinding) {
            if let vault = places.vault { made.backends[.vault] = backend(try await vault.read(read)) }
        } catch {
            findings.add([error])
        }
        do throws(ConfigFinding) {
            if let aws = places.aws {
                let credential = try await aws.key.aws(region: aws.region, service: AWSSecretsBackend.service, read)
                made.backends[.awsSecrets] = try aws.made { () throws(SecretError) in
                    try AWSSecretsBackend(credential, endpoint: aws.endpoint, registry: registry, logger: logger)
                }
                var keyCredential = credential
                keyCredential.service = AWSKeyService.service
                made.keys = try aws.made { () throws(SecretError) in
                    try AWSKeyService(keyCredential, endpoint: aws.keyEndpoint, registry: registry, logger: logger)
                }
            }
        } catch {
            findings.add([error])
        }
        do throws(ConfigFinding) {
            if let alibaba = places.alibaba {
                let credential = try await alibaba.key.alibaba(read)
                made.backends[.alibabaKMS] = try alibaba.made { () throws(SecretError) in
                    try AlibabaKMSBackend(
                        credential, region: alibaba.region, endpoint: alibaba.endpoint, registry: registry, logger: logger)
                }
            }
        } catch {
            findings.add([error])
        }
        return made
    }

    private func backend(_ settings: VaultSettings) -> VaultBackend {
        known.withLockedValue { known in
            if let vault = known.vault, vault.settings == settings { return vault.backend }
            let backend = VaultBackend(settings, registry: registry, logger: logger)
            known.vault = (settings, backend)
            return backend
        }
    }
}

extension SecretStores.Vault {
    fileprivate func read(_ secret: SecretReading) async throws(ConfigFinding) -> VaultSettings {
        let login: VaultSettings.Login =
            switch self.login {
            case .token(let token): .token(try await secret(token))
            case .appRole(let roleID, let secretID, let mount):
                .appRole(roleID: Secret(try await roleID.read(secret)), secretID: try await secret(secretID), mount: mount)
            }
        return VaultSettings(
            address: address, login: login, namespace: namespace, mount: mount, authorities: try CertificateAuthorities(file: authorities))
    }
}

extension SecretStores.Cloud {
    fileprivate func made<Backend>(_ make: () throws(SecretError) -> Backend) throws(ConfigFinding) -> Backend {
        do throws(SecretError) {
            return try make()
        } catch {
            throw ConfigFinding(severity: .error, message: error.description, hint: nil, place: place)
        }
    }
}
