import Glibc
import HubCore

/// The new hub's side of a take-over.
struct TakeoverClient: Sendable {
    private let connection: TakeoverConnection
    private let data: DataDirectory

    /// What the running hub handed over.
    struct HandedOver: Sendable {
        var publicSocket: Descriptor
        var adminSocket: Descriptor
        var lock: Descriptor
        var takeover: Descriptor
    }

    /// How long the running hub may take for each answer; another process may be ahead in its queue.
    private static let limit = Duration.seconds(20)

    /// Connects to the hub that runs on the folder; nil if none does.
    init?(data: DataDirectory) throws(CommandFailure) {
        let socket: Descriptor
        do throws(FileAccess.FileError) {
            socket = try LocalSocket.connect(to: DataDirectory.takeoverSocket, in: data.path)
        } catch  where error.isMissing || error.code == ECONNREFUSED {
            return nil
        } catch {
            throw CommandFailure("the running hub cannot be reached: \(error)")
        }
        do throws(TakeoverError) {
            connection = try TakeoverConnection(socket)
        } catch {
            throw CommandFailure("the running hub cannot be taken over from: \(error.reason)")
        }
        self.data = data
    }

    /// Asks for the sockets and checks that they are what the settings ask for. If not, the running hub goes on.
    func take(for settings: Settings) async throws(CommandFailure) -> HandedOver {
        let handed: HandedOver
        do throws(TakeoverError) {
            try connection.send(.request(process: Int(getpid())))
            handed = try await receive()
        } catch {
            throw CommandFailure("the running hub did not hand over: \(error.reason); it goes on")
        }
        try check(handed.publicSocket, "listen", settings.listen)
        try check(handed.adminSocket, "admin.listen", settings.adminListen)
        return handed
    }

    /// Says that this hub is ready, and waits until the other one has let go. If that fails, the other one goes on.
    func confirm() async throws(CommandFailure) {
        do throws(TakeoverError) {
            try connection.send(.ready)
            try await connection.receive(.released, within: Self.limit)
        } catch {
            throw CommandFailure("the running hub did not let go: \(error.reason); it goes on")
        }
    }

    private func receive() async throws(TakeoverError) -> HandedOver {
        let (message, descriptors) = try await connection.receive(within: Self.limit)
        guard case .sockets(let names) = message, names.count == descriptors.count else { throw .garbled }
        let named = Dictionary(zip(names, descriptors)) { first, _ in first }
        guard let publicSocket = named[.public], let adminSocket = named[.admin], let lock = named[.lock],
            let takeover = named[.takeover], lock.isFile(at: data.lockPath), flock(lock.number, LOCK_EX | LOCK_NB) == 0
        else { throw .garbled }
        return HandedOver(publicSocket: publicSocket, adminSocket: adminSocket, lock: lock, takeover: takeover)
    }

    private func check(_ socket: Descriptor, _ setting: String, _ wanted: ListenAddress) throws(CommandFailure) {
        guard let actual = socket.listeningAddress else {
            throw CommandFailure("the running hub handed over something else for \(setting); it goes on")
        }
        guard wanted.isMet(by: actual) else {
            throw CommandFailure(
                "\(setting) is \(wanted), but the running hub listens on \(actual); a change of \(setting) needs a restart without --takeover"
            )
        }
    }
}
