import HubCore
import NIOConcurrencyHelpers

/// Who has read what flow rules are about, and until when that counts. Outlives snapshots; gone when the process ends.
///
/// Of a client with a session it is the session that has read; of one without, the credential; of one without either, the address.
final class FlowMarks: Sendable {
    private struct Place: Hashable {
        var entry: String
        var reader: CallerKey
    }

    private struct State {
        var until: [Place: [FlowRule: Int64]] = [:]
        var sweptAt = Int64.min
    }

    /// The most readers that are remembered.
    static let maximumReaders = 100_000

    private let maximum: Int
    private let state = NIOLockedValueBox(State())

    /// - Parameter maximum: of readers.
    init(maximum: Int = maximumReaders) { self.maximum = maximum }

    /// Remembers that somebody has read what these rules are about.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Returns: False where there is no room to remember it: then nothing may be read.
    func mark(_ rules: [FlowRule], at entry: String, by reader: CallerKey, now: Int64) -> Bool {
        guard !rules.isEmpty else { return true }
        let place = Place(entry: entry, reader: reader)
        return state.withLockedValue { state in
            if state.until[place] == nil, state.until.count >= maximum {
                guard state.sweptAt < now else { return false }  // looking through all of them once a second is enough
                state.sweptAt = now
                state.until = state.until.filter { $0.value.contains { $0.value > now } }
                guard state.until.count < maximum else { return false }
            }
            for rule in rules {
                let (end, isOver) = now.addingReportingOverflow(rule.seconds)
                state.until[place, default: [:]][rule] = isOver ? .max : end
            }
            return true
        }
    }

    /// Whether somebody has read what any of these rules is about.
    func isMarked(_ rules: [FlowRule], at entry: String, by reader: CallerKey, now: Int64) -> Bool {
        guard !rules.isEmpty else { return false }
        let place = Place(entry: entry, reader: reader)
        return state.withLockedValue { state in
            guard let marks = state.until[place] else { return false }
            return rules.contains { marks[$0].map { $0 > now } ?? false }
        }
    }
}
