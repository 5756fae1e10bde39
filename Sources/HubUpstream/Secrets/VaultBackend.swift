import HTTPTypes
public import HubCore
public import Logging

/// Reads secrets of the key-value engine, version 2, of HashiCorp Vault and of OpenBao.
///
/// The name of a secret is its path, mount included: `hub/support-bot` is read at `/v1/hub/data/support-bot`.
public final class VaultBackend: SecretBackend {
    private let settings: VaultSettings
    private let client: SecretStoreClient
    private let tokens: TokenCache
    private let logger: Logger

    /// A Vault, reached over a way of the registry's.
    public convenience init(_ settings: VaultSettings, registry: UpstreamRegistry, logger: Logger) {
        self.init(settings, timers: registry.timers, clock: .system, logger: logger) { registry.service(for: $0) }
    }

    init(
        _ settings: VaultSettings, timers: TimerTable, clock: CredentialClock, logger: Logger,
        service: (UpstreamSettings) -> UpstreamService
    ) {
        let client = SecretStoreClient(
            name: "Vault", address: settings.address, authorities: settings.authorities, logger: logger, service: service)
        let login = VaultLogin(settings, client: client)
        self.settings = settings
        self.client = client
        self.logger = logger
        tokens = TokenCache(share: 2.0 / 3, timers: timers, now: clock.now) { current, _ throws(CredentialFailure) in
            try await login.obtain(current)
        }
    }

    /// Reads one secret, the current version; once more with another token where a role's is refused.
    public func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
        guard let path = settings.path(of: name), let field else {
            throw SecretError(.missing, "\(name) is not the path of a secret of Vault: write MOUNT/PATH#FIELD")
        }
        let asker = Asker(principal: .anonymous, logger: logger)
        let token: TokenStateMachine.Token
        do throws(UpstreamFailure) {
            token = try await tokens.token(for: asker)
        } catch {
            throw Self.failure(error)
        }
        var (status, answer) = try await client.send(settings.request(.get, path, token: token.value))
        if status == 403, case .appRole = settings.login, let other = await tokens.replacement(for: token.number, asker: asker) {
            (status, answer) = try await client.send(settings.request(.get, path, token: other.value))
        }
        switch status {
        case 200: return try client.field(field, of: answer?[path: "data", "data"], secret: name)
        case 503: throw SecretError(.unavailable, "Vault is sealed, or down for maintenance")
        default: throw client.failure(status, secret: name)
        }
    }

    private static func failure(_ error: UpstreamFailure) -> SecretError {
        switch error {
        case .credential(.refused): SecretError(.refused, "Vault does not let the hub in")
        case .credential(.odd(status: 503)): SecretError(.unavailable, "Vault is sealed, or down for maintenance")
        case .credential(.odd(let status)): SecretError(.unavailable, "Vault answered with \(status)")
        case .credential(.unavailable(let error as SecretError)): error
        default: SecretError(.unavailable, "Vault gives the hub no token")
        }
    }
}
