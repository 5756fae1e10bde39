import HubCore
import HubStore
import Logging
import NIOConcurrencyHelpers

/// The secrets of the hub's store, those that `store:NAME` names among them. It is opened when the first of them is read, and never made for it.
final class StoredSecrets: VersionedSecrets {
    let store: OpenedStore
    private let path: String
    private let masterKey: MasterKeySource
    private let made = NIOLockedValueBox<SecretStore?>(nil)
    private let madeTasks = NIOLockedValueBox<TaskRepository?>(nil)

    /// - Parameters:
    ///   - path: where the store is.
    ///   - masterKey: opens what is in it.
    init(path: String, masterKey: MasterKeySource) {
        self.path = path
        self.masterKey = masterKey
        store = OpenedStore(path: path)
    }

    // A store that cannot be asked is asked again in a second; what was read from it stays in force.
    func version() -> Int? { store.version() }

    func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
        guard let secrets = try secrets() else {
            throw SecretError(.missing, "there is no store at \(path) yet; set the secret with hubd secrets set")
        }
        return try await secrets.read(name, field: field)
    }

    /// The secrets; nil where there is no store yet.
    func secrets() throws(SecretError) -> SecretStore? {
        let database: HubDatabase?
        do throws(StoreError) {
            database = try store.database()
        } catch {
            throw SecretError(error)
        }
        guard let database else { return nil }
        return made.withLockedValue { made in
            if let made { return made }
            let secrets = secrets(in: database)
            made = secrets
            return secrets
        }
    }

    /// The tasks of agents, in the store, which is made where there is none; the master key is when the first webhook is sealed.
    func agentTasks() throws(StoreError) -> TaskRepository {
        if let tasks = madeTasks.withLockedValue({ $0 }) { return tasks }
        let tasks = try makeAgentTasks()
        return madeTasks.withLockedValue { made in
            made = made ?? tasks  // somebody may have been faster
            return made ?? tasks
        }
    }

    private func makeAgentTasks() throws(StoreError) -> TaskRepository {
        guard let database = try store.database(isMaking: true) else { throw StoreError(.unusable, "there is no store at \(path)") }
        return TaskRepository(database, secrets: secrets(in: database, isMakingKey: true))
    }

    private func secrets(in database: HubDatabase, isMakingKey: Bool = false) -> SecretStore {
        let source = masterKey
        return SecretStore(SecretRepository(database)) { () async throws(SecretError) in
            do {
                return try await source.ring(isMaking: isMakingKey)
            } catch {
                throw SecretError(.refused, (error as? ConfigFinding)?.message ?? "\(error)")
            }
        }
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
