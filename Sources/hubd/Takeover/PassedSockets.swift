import Glibc
import HubCore

/// The listening sockets that systemd, or whoever started the process as it does, opened for it (sd_listen_fds(3)).
struct PassedSockets: Sendable {
    var publicSocket: Descriptor?
    var adminSocket: Descriptor?

    /// The variables of the protocol. They say something about this process alone, and are not settings.
    static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// The number of the first socket.
    private static let first: CInt = 3

    /// Takes what was passed and removes the variables, so that no child takes them for its own. To be called once, first.
    static func take(environment: [String: String]) throws(CommandFailure) -> PassedSockets {
        let roles = try roles(environment: environment, process: getpid())
        for variable in variables { unsafe unsetenv(variable) }
        var sockets = PassedSockets()
        for (index, role) in roles.enumerated() {
            let number = first + CInt(index)
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
                throw CommandFailure("LISTEN_FDS names descriptor \(number), which is not open")
            }
            switch role {
            case .public: sockets.publicSocket = Descriptor(owning: number)
            case .admin: sockets.adminSocket = Descriptor(owning: number)
            }
        }
        return sockets
    }

    /// What a passed socket is for.
    enum Role: String, Sendable {
        case `public`
        case admin
    }

    /// The role of each passed socket in turn; none if nothing was passed to this process.
    ///
    /// 1. If a name is `public` or `admin`, each has to be, and none twice. (systemd names sockets after their unit where it is told none.)
    /// 2. Otherwise the first is the public one, the second that of the admin listener.
    static func roles(environment: [String: String], process: pid_t) throws(CommandFailure) -> [Role] {
        guard let count = environment["LISTEN_FDS"], environment["LISTEN_PID"] == String(process) else { return [] }
        guard let count = Int(count), (0...2).contains(count) else {
            throw CommandFailure("LISTEN_FDS is \(count); a hub has two sockets, public and admin")
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        guard names.contains(where: { Role(rawValue: String($0)) != nil }) else { return Array([.public, .admin].prefix(count)) }  // 2
        let roles = names.compactMap { Role(rawValue: String($0)) }  // 1
        guard names.count == count, roles.count == count, Set(roles).count == count else {
            throw CommandFailure(
                "LISTEN_FDNAMES is \(names.joined(separator: ":")) for \(count) sockets; the names are public and admin, each once")
        }
        return roles
    }

    /// Refuses what does not listen, or listens elsewhere than the settings say: they decide what may be open to whom.
    func check(_ settings: Settings) throws(CommandFailure) {
        for (socket, name, wanted) in [(publicSocket, "listen", settings.listen), (adminSocket, "admin.listen", settings.adminListen)] {
            guard let socket else { continue }
            guard let actual = socket.listeningAddress else {
                throw CommandFailure("descriptor \(socket.number), passed as the socket of \(name), is no listening TCP socket")
            }
            guard wanted.isMet(by: actual) else {
                throw CommandFailure("the socket passed for \(name) listens on \(actual), but \(name) is \(wanted); make them the same")
            }
        }
    }
}
