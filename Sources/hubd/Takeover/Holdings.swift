import HubCore
import HubServer
import Logging

/// What a hub holds of the machine before it serves: the lock on its data, and sockets that it did not or need not open itself.
struct Holdings: Sendable {
    /// The lock on the data folder.
    var lock: Descriptor
    /// The socket at which this hub can be taken over from; nil where the folder cannot hold one.
    var takeover: Descriptor?
    /// The listening socket for callers; nil is one to be bound.
    var publicSocket: Descriptor?
    /// The listening socket of the admin listener; nil is one to be bound.
    var adminSocket: Descriptor?
    /// The hub that lets go once this one is ready.
    var earlier: TakeoverClient?

    /// Whether the socket for callers outlives this process, so that others can answer on it.
    let isInherited: Bool

    /// Takes the lock, and what was passed to the process.
    init(data: DataDirectory, settings: Settings, passed: PassedSockets, logger: Logger) throws {
        try passed.check(settings)
        lock = try data.lock()
        do throws(FileAccess.FileError) {
            takeover = try LocalSocket.listen(at: DataDirectory.takeoverSocket, in: data.path)
        } catch {
            logger.warning("this hub cannot be taken over from", metadata: ["reason": "\(error)"])
        }
        isInherited = passed.publicSocket != nil
        publicSocket = passed.publicSocket
        adminSocket = passed.adminSocket
    }

    /// Takes what the running hub holds. What was passed to the process is left: the running hub has the same, or has bound its own.
    init(takingOver client: TakeoverClient, settings: Settings) async throws {
        let handed = try await client.take(for: settings)
        lock = handed.lock
        takeover = handed.takeover
        publicSocket = handed.publicSocket
        adminSocket = handed.adminSocket
        earlier = client
        isInherited = true
    }

    /// Lets go of what the listeners have copies of, and of the earlier hub.
    mutating func settle() {
        publicSocket = nil
        adminSocket = nil
        earlier = nil
    }

    /// What hands all of it over to a process that asks.
    func server(for listeners: Listeners, logger: Logger) -> TakeoverServer? {
        guard let takeover else { return nil }
        return TakeoverServer(listening: takeover, holdings: Handed(listeners: listeners, lock: lock, takeover: takeover), logger: logger)
    }

    private struct Handed: HandedHoldings {
        var listeners: Listeners
        var lock: Descriptor
        var takeover: Descriptor

        func copies() async throws -> [(name: HandedSocket, descriptor: Descriptor)] {
            [
                (.public, Descriptor(owning: try await listeners.public.duplicateDescriptor())),
                (.admin, Descriptor(owning: try await listeners.admin.duplicateDescriptor())),
                (.lock, lock),
                (.takeover, takeover),
            ]
        }

        func pause() async { await listeners.pause() }

        func resume() async { await listeners.resume() }
    }
}
