import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The level of the server's log in one session of a handshake era: the lowest that any request wanted.
final class SessionLogLevel: Sendable {
    private let current = NIOLockedValueBox<LogLevel?>(nil)

    /// Notes what a request wants; gives the level that the server is to be told, nil: none.
    func raise(to level: LogLevel?, greeting: ServerGreeting) -> LogLevel? {
        guard let level, greeting.logs else { return nil }
        return current.withLockedValue { current in
            if let before = current, before <= level { return nil }
            current = level
            return level
        }
    }
}

extension LogLevel {
    /// The parameters of `logging/setLevel`.
    var params: ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("level", rawValue)
        json.endObject()
        return json.buffer
    }
}
