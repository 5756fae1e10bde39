import HubCore
import HubStore
import Logging
import NIOConcurrencyHelpers

/// The secrets of the hub's store, those that `store:NAME` names among them. It is opened when the first of them is read, and never made for it.
final class StoredSecrets: VersionedSecrets {
    private struct Opened {
        var database: HubDatabase
        var secrets: SecretStore
    }

    private let path: String
    private let masterKey: MasterKeySource
    private let opened = NIOLockedValueBox<Opened?>(nil)

    /// - Parameter path: where the store is.
    init(path: String, masterKey: MasterKeySource) {
        self.path = path
        self.masterKey = masterKey
    }

    func version() -> Int? {
        // A store that cannot be asked is asked again in a second; what was read from it stays in force.
        opened.withLockedValue { $0?.database }.flatMap { try? $0.version() }
    }

    func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
        guard let secrets = try secrets() else {
            throw SecretError(.missing, "there is no store at \(path) yet; set the secret with hubd secrets set")
        }
        return try await secrets.read(name, field: field)
    }

    /// The secrets; nil where there is no store yet.
    func secrets() throws(SecretError) -> SecretStore? {
        let opening: Result<SecretStore?, SecretError> = opened.withLockedValue { opened in
            if let opened { return .success(opened.secrets) }
            guard FileStamp(path) != nil else { return .success(nil) }
            do throws(StoreError) {
                let fresh = try open()
                opened = fresh
                return .success(fresh.secrets)
            } catch {
                return .failure(SecretError(error))
            }
        }
        return try opening.get()
    }

    private func open() throws(StoreError) -> Opened {
        let database = try HubDatabase(path: path)
        let source = masterKey
        let secrets = SecretStore(SecretRepository(database)) { () async throws(SecretError) in
            do {
                return try await source.ring(isMaking: false)
            } catch {
                throw SecretError(.refused, (error as? ConfigFinding)?.message ?? "\(error)")
            }
        }
        return Opened(database: database, secrets: secrets)
    }
}

extension MasterKeySource {
    /// The master key of a hub that is configured so. Nothing is made in its data folder before it is asked for.
    init(for settings: Settings, environment: [String: String], backends: BackendTable) {
        self.init(
            data: DataDirectory(existing: settings.dataDirectory), reference: settings.masterKey,
            local: LocalSecrets(environment: environment), backends: backends)
    }
}
