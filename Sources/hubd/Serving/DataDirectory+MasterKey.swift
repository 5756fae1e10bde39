import Crypto
import Glibc
import HubCore
import NIOCore

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

    // MARK: Keys that are kept wrapped

    /// The largest file of a wrapped key: the largest that AWS KMS makes, in Base64.
    private static let maximumWrappedFileBytes = 9 << 10

    /// Where the key is that was made under a key of AWS KMS: one file for each identifier, so that a rotation has the earlier one at hand.
    func wrappedKeyPath(of id: String) -> String {
        let digest = SHA256.hash(data: Array(id.utf8)).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return path + "/master.kms." + digest
    }

    /// The key that was made under a key of AWS KMS, as only that opens it; nil where there is none.
    func wrappedKey(of id: String) throws(DataError) -> [UInt8]? {
        let file = wrappedKeyPath(of: id)
        let text: String
        do throws(FileAccess.FileError) {
            text = String(buffer: try FileAccess.read(file, limit: Self.maximumWrappedFileBytes)).withoutLastLineBreak
        } catch  where error.isMissing {
            return nil
        } catch {
            throw DataError(description: "\(error)")
        }
        guard !text.isEmpty, let wrapped = Base64.decode(text) else {
            throw DataError(
                description: "\(file) was changed or cut off: put back what was there; the store's secrets do not open without it")
        }
        return wrapped
    }

    /// Keeps a key that was made under a key of AWS KMS, unless there is one already; gives the one that is there.
    func keepWrappedKey(_ wrapped: [UInt8], of id: String) throws(DataError) -> [UInt8] {
        let file = wrappedKeyPath(of: id)
        do throws(FileAccess.FileError) {
            try FileAccess.createPrivate(file, contents: Base64.encode(wrapped) + "\n")
            return wrapped
        } catch  where error.exists {
            guard let other = try wrappedKey(of: id) else { throw DataError(description: "\(error)") }  // gone again
            return other
        } catch {
            throw DataError(description: "\(error)")
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
