import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A stream whose reader does not wait for ever: until a time for all that comes before `begin`, and then for so long for each piece.
final class TimedStream: BodyStream {
    private let upstream: any BodyStream
    private let timers: TimerTable
    private let idle: Duration?
    private let due: NIOLockedValueBox<ContinuousClock.Instant?>
    private let isLate = NIOLockedValueBox(false)

    /// - Parameters:
    ///   - due: the end of the time before `begin`; nil: there is none.
    ///   - idle: nil: no piece is waited for in vain.
    init(_ upstream: any BodyStream, until due: ContinuousClock.Instant?, idle: Duration?, timers: TimerTable) {
        self.upstream = upstream
        self.timers = timers
        self.idle = idle
        self.due = NIOLockedValueBox(due)
    }

    /// The answer has begun.
    func begin() { due.withLockedValue { $0 = nil } }

    func next() async throws -> ByteBuffer? {
        guard let due = due.withLockedValue({ $0 }) ?? idle.map({ .now + $0 }) else { return try await upstream.next() }
        let timer = timers.add(due: due) { [self] in
            isLate.withLockedValue { $0 = true }
            upstream.cancel()
        }
        defer { timers.remove(timer) }
        let piece: ByteBuffer?
        do {
            piece = try await upstream.next()
        } catch {
            throw isLate.withLockedValue { $0 } ? Self.late : error
        }
        // A stream that was given up may look like one that ended.
        guard !isLate.withLockedValue({ $0 }) else { throw Self.late }
        return piece
    }

    func cancel() { upstream.cancel() }

    static let late = HubError(.upstreamTimeout, "The provider took too long")
}
