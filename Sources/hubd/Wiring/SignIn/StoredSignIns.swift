import Glibc
import HubCore
import HubStore
import HubUpstream

/// The sign-ins in the hub's store, sealed, each under the name of its server.
final class StoredSignIns: SignInStore {
    /// How long another process may hold one: as long as an authorization server may take to answer, and some more.
    static let holdLimit = Duration.seconds(20)
    private static let holdPause = Duration.milliseconds(50)

    private let stored: StoredSecrets
    private let folder: String

    /// - Parameters:
    ///   - stored: the store.
    ///   - folder: that of the data.
    init(_ stored: StoredSecrets, folder: String) {
        self.stored = stored
        self.folder = folder
    }

    /// A number that moves with every change of the store; nil where there is no store yet.
    func version() -> Int? { stored.version() }

    func read(_ server: String) async throws(SecretError) -> SignIn? {
        guard let secrets = try stored.secrets() else { return nil }
        do throws(SecretError) {
            return SignIn(try await secrets.read(server, for: .signIn))
        } catch  where error.kind == .missing {
            return nil
        }
    }

    func write(_ signIn: SignIn, of server: String) async throws(SecretError) {
        guard let secrets = try stored.secrets() else { throw SecretError(.missing, "the store is gone") }
        try await secrets.set(server, to: signIn.sealed, for: .signIn, now: Timekeeper.secondsSince1970)
    }

    func hold(_ server: String) async throws(SecretError) -> any AnyObject & Sendable { try await Self.hold(server, in: folder) }

    /// Keeps all other processes and tasks from changing the sign-in of a server.
    static func hold(_ server: String, in folder: String) async throws(SecretError) -> Descriptor {
        let end = ContinuousClock.now + holdLimit
        while true {
            do throws(FileAccess.FileError) {
                return try FileAccess.lock("\(folder)/signin-\(server).lock")
            } catch {
                guard error.code == EWOULDBLOCK else { throw SecretError(.unavailable, "\(error)") }
            }
            guard ContinuousClock.now < end else { throw SecretError(.unavailable, "another process holds the sign-in of \(server)") }
            try? await Task.sleep(for: holdPause)  // cancelled: it is tried until the time is up, as whoever waits for it expects
        }
    }
}
