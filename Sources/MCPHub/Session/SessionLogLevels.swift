import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// From which level on the clients of handshake sessions hear servers' logs, where they said so. Another process, or one that has forgotten,
/// goes by the default, which the specification leaves to the server.
final class SessionLogLevels: Sendable {
    /// What is told where nobody said anything.
    static let standard = LogLevel.info
    private static let maximumCount = 10_000

    private struct State {
        var levels: [UInt128: LogLevel] = [:]
        var order: CircularBuffer<UInt128> = []
    }

    private let state = NIOLockedValueBox(State())

    func level(of session: UInt128) -> LogLevel {
        state.withLockedValue { $0.levels[session] } ?? Self.standard
    }

    /// Past the bound, the session that spoke first is forgotten.
    func set(_ level: LogLevel, session: UInt128) {
        state.withLockedValue { state in
            while state.order.count >= Self.maximumCount, let oldest = state.order.popFirst() { state.levels[oldest] = nil }
            if state.levels.updateValue(level, forKey: session) == nil { state.order.append(session) }
        }
    }
}
