public import HubCore
import NIOConcurrencyHelpers

/// The secrets of the hub's own store as references name them: `store:NAME`. Shared by all snapshots.
///
/// Which master keys there are is asked for once, and again where a secret is sealed under another: `hubd secrets rotate` changes the key
/// beside a hub that runs.
public final class SecretStore: SecretBackend {
    private let repository: SecretRepository
    private let loadKeys: @Sendable () async throws(SecretError) -> MasterKeyRing
    private let keys = NIOLockedValueBox<MasterKeyRing?>(nil)

    /// - Parameters:
    ///   - repository: the secrets.
    ///   - keys: finds the master keys as they are now.
    public init(_ repository: SecretRepository, keys: @escaping @Sendable () async throws(SecretError) -> MasterKeyRing) {
        self.repository = repository
        loadKeys = keys
    }

    /// Reads a secret; it has no fields.
    public func read(_ name: String, field: String?) async throws(SecretError) -> Secret { try await read(name, for: .reference) }

    /// Reads a secret that is for a purpose.
    public func read(_ name: String, for purpose: SecretRepository.Purpose) async throws(SecretError) -> Secret {
        let repository = repository.others(purpose)
        let known = keys.withLockedValue { $0 }
        if let known {
            do {
                return try repository.read(name, keys: known)
            } catch  where error.kind != .wrongKey {
                throw SecretError(error)
            } catch {}  // the key may have been changed since: below
        }
        // What opened until now may still be needed: a rotation changes one secret after another.
        let fresh = try await loadKeys().keeping(known)
        do {
            let value = try repository.read(name, keys: fresh)
            keys.withLockedValue { $0 = fresh }
            return value
        } catch {
            throw SecretError(error)
        }
    }
}

extension SecretStore {
    /// Sets a secret that is for a purpose, in the place of an earlier value. It is on the disk when this returns.
    public func set(_ name: String, to value: Secret, for purpose: SecretRepository.Purpose, now: Int64) async throws(SecretError) {
        let repository = repository.others(purpose)
        let known = keys.withLockedValue { $0 }
        if let known {
            do {
                return try repository.set(name, to: value, keys: known, now: now)
            } catch  where error.kind != .wrongKey {
                throw SecretError(error)
            } catch {}  // the key may have been changed since: below
        }
        let fresh = try await loadKeys().keeping(known)
        do {
            try repository.set(name, to: value, keys: fresh, now: now)
            keys.withLockedValue { $0 = fresh }
        } catch {
            throw SecretError(error)
        }
    }
}

extension SecretError {
    /// What is wrong with the store, as one of its secrets is read.
    public init(_ error: StoreError) {
        let kind: Kind =
            switch error.kind {
            case .missing, .invalid: .missing
            case .wrongKey, .damaged, .foreign, .newer, .conflict: .refused
            case .unusable, .busy: .unavailable
            }
        self.init(kind, error.description)
    }
}
