import NIOConcurrencyHelpers
import NIOCore

/// The sessions that were ended before their time. Sealed tokens need no table of the living, only this one of the dead.
final class EndedSessions: Sendable {
    private struct State {
        var expiries: [UInt128: Int64] = [:]
        var order: CircularBuffer<UInt128> = []
    }

    private let maximumCount: Int
    private let state = NIOLockedValueBox(State())

    /// Past `maximumCount` the oldest is forgotten: its token would be good again until it expires.
    init(maximumCount: Int = 100_000) {
        self.maximumCount = maximumCount
    }

    func contains(_ id: UInt128) -> Bool { state.withLockedValue { $0.expiries[id] != nil } }

    func insert(_ token: SessionToken, now: Int64) {
        state.withLockedValue { state in
            while let oldest = state.order.first, state.order.count >= maximumCount || state.expiries[oldest, default: 0] < now {
                state.order.removeFirst()
                state.expiries[oldest] = nil
            }
            if state.expiries.updateValue(token.expiry, forKey: token.id) == nil { state.order.append(token.id) }
        }
    }
}
