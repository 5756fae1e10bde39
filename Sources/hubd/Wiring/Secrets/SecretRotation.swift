import HubCore
import HubStore

/// Moves the store's secrets from one master key to another, so that they open at any moment, whatever ends the process.
///
/// For the key that the hub makes itself:
/// 1. The next key is written beside the one in force. Whoever opens secrets from then on has both.
/// 2. The store seals under the next key alone, and its secrets are moved, some at a time.
/// 3. When none is left under the old key, the next one takes its place, and the old one is gone.
///
/// Cut off in 1 or 2, both files are there, and the next rotation goes on with the same key; in 3 it is done or not.
/// A configured key is the operator's: the hub only moves the secrets to it, from the key that `--from` names or its own.
struct SecretRotation {
    let data: DataDirectory
    let masterKey: MasterKeySource

    /// What was done.
    struct Outcome: Sendable, Hashable {
        /// How many secrets were sealed anew.
        var moved: Int
        /// The id of the key that all are under.
        var keyID: String
    }

    /// Runs to the end.
    ///
    /// - Parameter earlier: the key to move away from, where it is not the hub's own.
    func run(from earlier: SecretReference?, secrets: SecretRepository) async throws -> Outcome {
        let lock = try data.lockRotation()
        defer { withExtendedLifetime(lock) {} }
        let named = if let earlier { [try MasterKeySource.storeKey(try await masterKey.key(earlier))] } else { [MasterKey]() }
        if let reference = masterKey.reference {
            let current = try await masterKey.ring(isMaking: true).current
            // Those of the data folder too: the configured key may take over from the hub's own, in the middle of a rotation of that.
            let own = try data.existingMasterKeys()
            let known = named + (try [own.current, own.next].compactMap { $0 }.map(MasterKeySource.storeKey))
            if earlier == nil, try secrets.list().allSatisfy({ $0.keyID == current.id }) {
                throw reference.finding(
                    "the master key is configured here, and everything is sealed under it",
                    hint: "put a new key in its place, then name the earlier one: hubd secrets rotate --from file:PATH")
            }
            return try move(secrets, to: MasterKeyRing(current, earlier: known)) {}
        }
        if earlier != nil {
            let ring = try await masterKey.ring(isMaking: true)
            return try move(secrets, to: MasterKeyRing(ring.current, earlier: ring.earlier + named)) {}
        }
        let current = try MasterKeySource.storeKey(try data.masterKey())
        let next = try MasterKeySource.storeKey(try data.nextMasterKey())
        return try move(secrets, to: MasterKeyRing(next, earlier: [current])) { try data.putNextMasterKeyInForce() }
    }

    /// Moves all, or nothing where one of them cannot be.
    private func move(_ secrets: SecretRepository, to keys: MasterKeyRing, finish: () throws -> Void) throws -> Outcome {
        if let lost = try secrets.list().first(where: { !keys.ids.contains($0.keyID) }) {
            throw DataDirectory.DataError(
                description: "the secret \(lost.name) is sealed under the earlier master key \(lost.keyID); "
                    + "name that with hubd secrets rotate --from file:PATH, or set the secret again")
        }
        let moved = try secrets.rotate(to: keys, finish: finish)
        return Outcome(moved: moved, keyID: keys.current.id)
    }
}
