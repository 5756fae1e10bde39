import HubCore
import NIOCore

/// What two hubs say to each other while one takes over from the other: each message is one line of JSON with the version of the protocol.
///
/// 1. The new one: `request`. It has read its configuration and built what it will serve.
/// 2. The running one: `sockets`, with a descriptor for each name, or `refused`.
/// 3. The new one: `ready`. All that is left is to accept.
/// 4. The running one: `released`. It accepts no more, what waits in the queues and the data belong to the new one.
///
/// Whoever sees the connection end before `released` goes on as before: the old one serves, the new one stops. At no time do both accept.
enum TakeoverMessage: Equatable {
    case request(process: Int)
    case sockets([HandedSocket])
    case ready
    case released
    case refused(String)

    /// Said in every message; another version is refused.
    static let version = 1

    /// The line, its end included.
    var line: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("takeover", Self.version)
        switch self {
        case .request(let process):
            json.member("say", "request")
            json.member("process", process)
        case .sockets(let sockets):
            json.member("say", "sockets")
            json.member("sockets", sockets.map(\.rawValue))
        case .ready: json.member("say", "ready")
        case .released: json.member("say", "released")
        case .refused(let reason):
            json.member("say", "refused")
            json.member("reason", reason)
        }
        json.endObject()
        var line = json.buffer
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }

    /// Reads a line.
    init(line: ByteBuffer) throws(TakeoverError) {
        guard let root = try? JSONDocument(parsing: line, limits: .message).root, let version = root["takeover"]?.int else {
            throw .garbled  // not JSON, or not of this protocol
        }
        guard version == Self.version else { throw .otherVersion(version) }
        switch root["say"]?.string {
        case "request":
            guard let process = root["process"]?.int else { throw .garbled }
            self = .request(process: process)
        case "sockets":
            guard let names = root["sockets"]?.elements else { throw .garbled }
            let sockets = names.map { $0.string.flatMap { HandedSocket(rawValue: $0) } }
            guard !sockets.contains(nil) else { throw .garbled }
            self = .sockets(sockets.compactMap { $0 })
        case "ready": self = .ready
        case "released": self = .released
        case "refused": self = .refused(root["reason"]?.string ?? "it gave no reason")
        default: throw .garbled
        }
    }
}

/// What is handed over, by name.
enum HandedSocket: String, CaseIterable, Sendable {
    /// The listening socket for callers.
    case `public`
    /// The listening socket of the admin listener.
    case admin
    /// The open file that holds the lock on the data folder.
    case lock
    /// The socket at which take-overs are asked for.
    case takeover
}

/// Why a take-over did not come about.
enum TakeoverError: Error, Equatable {
    /// The other end closed.
    case ended
    /// The other end took too long.
    case timedOut
    /// What came is no message of the protocol, or not the one that is due.
    case garbled
    /// The other end speaks another version.
    case otherVersion(Int)
    /// The running hub said why.
    case refused(String)
    /// The other end belongs to another user.
    case otherUser
    /// This process stops.
    case stopping

    /// As what the other hub did.
    var reason: String {
        switch self {
        case .ended: "it closed the connection"
        case .timedOut: "it took too long"
        case .garbled: "it sent something else"
        case .otherVersion(let version): "it speaks version \(version) of the protocol, this one version \(TakeoverMessage.version)"
        case .refused(let reason): reason
        case .otherUser: "it belongs to another user"
        case .stopping: "this process is stopping"
        }
    }
}
