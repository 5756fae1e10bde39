import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Counts the messages that one channel is answering, and refuses those past its bound: what is sent is acknowledged before it is
/// answered, so that nothing else holds a client back.
final class PendingCalls: Sendable {
    /// How many messages of one channel are answered at once.
    static let maximum = 256

    private let count = NIOLockedValueBox(0)

    /// Counts a message before its task runs; false when there are too many.
    func begin() -> Bool {
        count.withLockedValue { count in
            guard count < Self.maximum else { return false }
            count += 1
            return true
        }
    }

    /// Answers the message and counts it out.
    func end(after body: () async -> Void) async {
        await body()
        count.withLockedValue { $0 -= 1 }
    }

    /// Waits until there are none, at most `limit` long.
    func wait(limit: Duration) async {
        let end = ContinuousClock.now + limit
        while count.withLockedValue({ $0 }) > 0, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }  // nil: cancelled
        }
    }

    /// What a message past the bound is answered with.
    static func refusal(of message: JSONValue) -> ByteBuffer {
        JSONRPCError(.overloaded, "Too many requests are being answered; try again", id: message.requestID).bytes
    }
}
