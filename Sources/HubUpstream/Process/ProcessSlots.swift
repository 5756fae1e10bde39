import NIOConcurrencyHelpers

/// How many processes of one source may run; each holds its slot until nothing of it is left.
final class ProcessSlots: Sendable {
    private struct State {
        var taken = 0
        var waiting: [OneAnswer<Void>] = []
    }

    private let state = NIOLockedValueBox(State())
    private let maximum: Int

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// How many run.
    var count: Int { state.withLockedValue { $0.taken } }

    /// A slot, which is free again when nobody holds it; nil where all are taken.
    func take() -> Slot? {
        let isFree = state.withLockedValue { state in
            guard state.taken < maximum else { return false }
            state.taken += 1
            return true
        }
        return isFree ? Slot(slots: self) : nil
    }

    /// Waits until none runs.
    func waitUntilNoneRuns() async throws {
        let answer = OneAnswer<Void>()
        state.withLockedValue { state in
            if state.taken == 0 { answer.give(.success(())) } else { state.waiting.append(answer) }
        }
        try await answer.value()
    }

    private func free() {
        let waiting = state.withLockedValue { state -> [OneAnswer<Void>] in
            state.taken -= 1
            guard state.taken == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for answer in waiting { answer.give(.success(())) }
    }

    final class Slot: Sendable {
        private let slots: ProcessSlots

        fileprivate init(slots: ProcessSlots) {
            self.slots = slots
        }

        deinit { slots.free() }
    }
}
