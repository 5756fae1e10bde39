import Crypto
import HubCore
import HubStore

/// Finds the hub's master key as it is now: the configured one, or that of the data folder.
struct MasterKeySource: Sendable {
    /// Where the hub's own key is.
    let data: DataDirectory
    /// What `masterKey` names; nil is the hub's own.
    let reference: SecretReference?
    /// Reads `env:` and `file:`.
    let local: LocalSecrets
    /// Read the other schemes.
    private let backends: BackendTable
    /// Reads `aws-kms:`.
    private let wrapped: WrappedMasterKeys

    /// A source in which nothing has been read.
    init(data: DataDirectory, reference: SecretReference?, local: LocalSecrets, backends: BackendTable) {
        self.data = data
        self.reference = reference
        self.local = local
        self.backends = backends
        wrapped = WrappedMasterKeys(data: data, backends: backends)
    }

    /// The key that seals what leaves the hub and comes back, such as sessions, made where there is none.
    func inForce() async throws -> SymmetricKey {
        if let reference { return try await key(reference, whereMissing: .making) }
        return try data.masterKey()
    }

    /// Whether the configured key could be had; nothing is made.
    func attempt() async throws {
        if let reference { _ = try await key(reference, whereMissing: .trying) }
    }

    /// The keys of the store: the one that seals, and those that may still be needed to open.
    ///
    /// - Parameter isMaking: whether a key is made where there is none, as far as that is the hub's to do.
    func ring(isMaking: Bool) async throws -> MasterKeyRing {
        if let reference {
            return MasterKeyRing(try Self.storeKey(try await key(reference, whereMissing: isMaking ? .making : .failing)))
        }
        if isMaking { _ = try data.masterKey() }
        let keys = try data.existingMasterKeys()
        guard let current = keys.current else {
            throw DataDirectory.DataError(
                description: "there is no master key at \(data.masterKeyPath), under which the store is sealed; put it back there")
        }
        // From the beginning of a rotation on, the next key seals.
        guard let next = keys.next else { return MasterKeyRing(try Self.storeKey(current)) }
        return MasterKeyRing(try Self.storeKey(next), earlier: [try Self.storeKey(current)])
    }

    /// The key that a reference names.
    func key(_ reference: SecretReference, whereMissing absence: WrappedMasterKeys.Absence = .failing) async throws -> SymmetricKey {
        if reference.scheme == .awsKMS { return try await wrapped.key(reference, whereMissing: absence) }
        let text: Secret
        if reference.scheme.isRemote {
            let backend = try backends.backend(for: reference).backend
            do throws(SecretError) {
                text = try await backend.read(reference.name, field: reference.field)
            } catch {
                throw reference.finding("\(reference.written) cannot be read: \(error)", hint: error.masterKeyHint)
            }
        } else {
            text = try local.value(of: reference)
        }
        do throws(DataDirectory.DataError) {
            return try DataDirectory.masterKey(of: text)
        } catch {
            throw reference.finding(error.description)
        }
    }

    /// The key of the store that a master key stands for.
    static func storeKey(_ key: SymmetricKey) throws(DataDirectory.DataError) -> MasterKey {
        guard let key = MasterKey(key) else { throw DataDirectory.DataError(description: "the master key has not 256 bits") }
        return key
    }
}

extension Settings {
    /// An error of the master key that says itself not where it is.
    func masterKeyProblem(_ message: String) -> ConfigFinding {
        ConfigFinding(
            severity: .error, message: message, hint: nil, place: masterKey?.place ?? SourcePlace(file: files.first ?? "hub.yaml"))
    }

    /// That the hub's own master key lies beside what it seals, where there is something: who takes the folder has both.
    var masterKeyFindings: [ConfigFinding] {
        let places = secrets.lazy.filter { $0.scheme == .store }.map(\.place) + servers.lazy.compactMap(\.signIn?.place)
        guard masterKey == nil, let sealed = places.first else { return [] }
        return [
            ConfigFinding(
                severity: .warning, message: "the master key lies in the data folder, beside the secrets that it seals",
                hint: "keep it elsewhere: masterKey: file:PATH or env:NAME", place: sealed)
        ]
    }
}
