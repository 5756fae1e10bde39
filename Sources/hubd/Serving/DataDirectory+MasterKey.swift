import Crypto
import Glibc
import HubCore

/// The master key that the hub makes itself, where none is configured: `master.key`, and beside it `master.key.next` while a rotation is under
/// way. A rotation ends with the one in the place of the other, so that at any moment the files hold every key that the store needs.
extension DataDirectory {
    private static let keyFile = "master.key"
    private static let nextKeyFile = "master.key.next"

    /// The file of the key in force.
    var masterKeyPath: String { path + "/" + Self.keyFile }

    /// The key that a text of at least 32 characters stands for: 256 bits.
    static func masterKey(of text: Secret) throws(DataError) -> SymmetricKey {
        guard text.revealed.utf8.count >= 32 else { throw DataError(description: "the master key is shorter than 32 characters") }
        return SymmetricKey(data: SHA256.hash(data: Array(text.revealed.utf8)))
    }

    /// The key in force, made where there is none.
    func masterKey() throws(DataError) -> SymmetricKey { try Self.masterKey(of: Secret(try privateFile(Self.keyFile))) }

    /// The key in force, and the one that takes its place when a rotation is done. Nothing is made.
    func existingMasterKeys() throws(DataError) -> (current: SymmetricKey?, next: SymmetricKey?) {
        // The next one first: one that has gone since is the other by then, and never are both missed.
        let next = try existingPrivateFile(Self.nextKeyFile)
        let current = try existingPrivateFile(Self.keyFile)
        return (try current.map(Self.key), try next.map(Self.key))
    }

    private static func key(_ text: String) throws(DataError) -> SymmetricKey { try masterKey(of: Secret(text)) }

    /// The key that takes the place of the one in force: that of a rotation that was cut off, or a new one.
    func nextMasterKey() throws(DataError) -> SymmetricKey { try Self.masterKey(of: Secret(try privateFile(Self.nextKeyFile))) }

    /// Gives up the key in force for the next one.
    func putNextMasterKeyInForce() throws(DataError) {
        do throws(FileAccess.FileError) {
            try FileAccess.move(path + "/" + Self.nextKeyFile, over: masterKeyPath)
        } catch {
            throw DataError(description: "the new master key cannot be put in force: \(error)")
        }
    }

    /// Keeps other rotations off for as long as what is returned lives.
    func lockRotation() throws(DataError) -> Descriptor {
        do throws(FileAccess.FileError) {
            return try FileAccess.lock(path + "/rotate.lock")
        } catch  where error.code == EWOULDBLOCK {
            throw DataError(description: "another rotation runs on \(path); wait for its end")
        } catch {
            throw DataError(description: "\(error)")
        }
    }
}
