import Crypto
import FoundationEssentials
import Glibc
import HubCore
import NIOCore

/// The folder where the hub keeps what it must not lose: its key, its store, the admin token, which process runs on it.
struct DataDirectory: Sendable {
    let path: String

    /// Why the folder cannot be used, with what to do.
    struct DataError: Error, CustomStringConvertible {
        var description: String
    }

    /// Makes the folder where it is missing.
    init(path: String) throws(DataError) {
        self.path = path
        do throws(FileAccess.FileError) {
            try FileAccess.createFolder(path)
        } catch {
            throw DataError(description: "the data folder cannot be made: \(error); name another with --data")
        }
    }

    /// A folder that is only looked into: nothing is made in it.
    init(existing path: String) {
        self.path = path
    }

    /// The hub's own store.
    var storePath: String { path + "/hub.sqlite" }

    /// The file whose lock says that a hub serves on the folder.
    var lockPath: String { path + "/hubd.lock" }

    /// The name of the socket at which the hub that runs on the folder can be taken over from.
    static let takeoverSocket = "hubd.sock"

    /// Keeps other hubs off the folder for as long as what is returned lives, here or in a process that takes over.
    func lock() throws(DataError) -> Descriptor {
        do throws(FileAccess.FileError) {
            return try FileAccess.lock(lockPath)
        } catch  where error.code == EWOULDBLOCK {
            throw DataError(
                description: "another hub serves on \(path); stop it, take over from it with --takeover, or name another folder with --data"
            )
        } catch {
            throw DataError(description: "\(error)")
        }
    }

    /// The token of the admin listener where none is configured.
    func adminToken() throws(DataError) -> Secret { Secret(try privateFile("admin.token")) }

    var adminTokenPath: String { path + "/admin.token" }

    /// The text of a file of 256 random bits that is made, for the owner alone, where it is missing.
    func privateFile(_ name: String) throws(DataError) -> String {
        let key = SymmetricKey(size: .bits256)
        let fresh = unsafe key.withUnsafeBytes { unsafe Base64.encodeURLSafe(Array($0)) }
        do throws(FileAccess.FileError) {
            try FileAccess.createPrivate(path + "/" + name, contents: fresh + "\n")
            return fresh
        } catch  where error.exists {
            guard let text = try existingPrivateFile(name) else { throw DataError(description: "\(error)") }  // gone again
            return text
        } catch {
            throw DataError(description: "\(error)")
        }
    }

    /// The text of such a file; nil where there is none.
    func existingPrivateFile(_ name: String) throws(DataError) -> String? {
        let file = path + "/" + name
        do throws(FileAccess.FileError) {
            let text = String(buffer: try FileAccess.read(file, limit: 4096)).split { $0.isWhitespace }.first.map(String.init) ?? ""
            guard !text.isEmpty else { throw FileAccess.FileError(path: file, code: ENODATA) }
            return text
        } catch  where error.isMissing {
            return nil
        } catch {
            throw DataError(description: "\(error)")
        }
    }

    // MARK: The running hub

    /// Where the hub that runs on the folder listens.
    struct RunningHub: Sendable {
        var process: Int
        var admin: String
    }

    func writeRunningHub(admin: String) {
        var json = JSONWriter()
        json.beginObject()
        json.member("process", Int(getpid()))
        json.member("admin", admin)
        json.endObject()
        try? FileAccess.replacePrivate(path + "/hubd.run", contents: String(buffer: json.buffer))  // `hubd reload` then says what it misses
    }

    /// To be called by the hub that holds the lock: another one's files stay.
    func removeRunningHub() {
        for name in ["hubd.run", Self.takeoverSocket] { unsafe unlink(path + "/" + name) }  // there may be none
    }

    func runningHub() -> RunningHub? {
        guard let bytes = try? FileAccess.read(path + "/hubd.run", limit: 4096),  // none: no hub runs
            let root = try? JSONDocument(parsing: bytes, limits: .message).root,
            let process = root["process"]?.int, let admin = root["admin"]?.string
        else { return nil }
        return RunningHub(process: process, admin: admin)
    }
}
