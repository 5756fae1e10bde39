import HubCore
import NIOConcurrencyHelpers

/// Sends a comment on a stream of events when the upstream has been silent for long, so that nobody between takes the stream for dead.
///
/// One per stream, made by the loop that writes it, which says when it writes; a comment is never sent meanwhile, nor inside an event.
/// One timer a stream, however many events pass.
final class KeepAlive: Sendable {
    /// How often silence is looked at.
    static let interval = Duration.seconds(5)
    /// How many intervals in a row without an event make a silence: 15 seconds, below the idle limits of common proxies.
    static let silentIntervals = 3

    private struct State {
        var timer: TimerTable.Token?
        /// Whether the last event is whole and the loop waits for the next.
        var mayComment = true
        var silentIntervals = 0
        /// A comment that is being written.
        var writing: Task<Void, Never>?
    }

    private let writer: any ResponseWriter
    private let timers: TimerTable
    private let state = NIOLockedValueBox(State())

    init(writer: any ResponseWriter, timers: TimerTable) {
        self.writer = writer
        self.timers = timers
        state.withLockedValue { $0.timer = nextTick() }
    }

    /// To be called before the loop writes: waits for a comment on its way, and lets none begin.
    func willWrite() async {
        let writing = state.withLockedValue { state in
            state.mayComment = false
            return state.writing
        }
        await writing?.value
    }

    /// To be called after the loop has written.
    func didWrite(isBetweenEvents: Bool) {
        state.withLockedValue { state in
            state.mayComment = isBetweenEvents
            state.silentIntervals = 0
        }
    }

    /// To be called once, at the end of the loop, however it ends.
    func stop() {
        let timer = state.withLockedValue { state in
            state.mayComment = false
            defer { state.timer = nil }
            return state.timer
        }
        if let timer { timers.remove(timer) }
    }

    private func nextTick() -> TimerTable.Token {
        timers.add(due: .now + Self.interval) { [self] in tick() }
    }

    private func tick() {
        state.withLockedValue { state in
            guard state.timer != nil else { return }
            state.timer = nextTick()
            state.silentIntervals += 1
            guard state.mayComment, state.writing == nil, state.silentIntervals >= Self.silentIntervals else { return }
            state.silentIntervals = 0
            // Awaited by `willWrite`; ends with the write, which fails when the caller has gone.
            state.writing = Task { [self] in
                try? await writer.write(SSEEncoder.keepAlive)  // the caller has gone: the loop learns of it by itself
                self.state.withLockedValue { $0.writing = nil }
            }
        }
    }
}
