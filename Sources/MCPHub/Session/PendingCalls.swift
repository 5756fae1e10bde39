import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Counts the messages that one channel is answering, and refuses those past its bound: what is sent is acknowledged before it is
/// answered, so that nothing else holds a client back.
final class PendingCalls: Sendable {
    /// How many messages of one channel are answered at once.
    static let maximum = 256
    /// How many bytes they may have together; one message may always come.
    static let maximumBytes = 16 << 20

    private let state = NIOLockedValueBox((count: 0, bytes: 0))

    /// Counts a message before its task runs; false when there are too many.
    func begin(_ message: JSONValue) -> Bool {
        state.withLockedValue { state in
            let bytes = message.range.count
            guard state.count < Self.maximum, state.count == 0 || state.bytes + bytes <= Self.maximumBytes else { return false }
            state.count += 1
            state.bytes += bytes
            return true
        }
    }

    /// Counts a message out that has been answered.
    func end(_ message: JSONValue) {
        state.withLockedValue { state in
            state.count -= 1
            state.bytes -= message.range.count
        }
    }

    /// Waits until there are none, at most `limit` long.
    func wait(limit: Duration) async {
        let end = ContinuousClock.now + limit
        while state.withLockedValue({ $0.count }) > 0, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return }  // nil: cancelled
        }
    }

    /// What a message past the bound is answered with.
    static func refusal(of message: JSONValue) -> ByteBuffer {
        JSONRPCError(.overloaded, "Too many requests are being answered; try again", id: message.requestID).bytes
    }
}
