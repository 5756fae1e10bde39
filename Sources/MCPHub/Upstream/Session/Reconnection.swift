import HubCore

/// Opens something again and again, with longer pauses the more often it fails, until it is over or the task is cancelled.
struct Reconnection {
    /// How one time ended.
    enum Outcome {
        /// Not to be tried again.
        case over
        /// To be tried again: whether it had been open, and after how long, where the server said so.
        case again(_ wasOpen: Bool, after: Duration?)
    }

    let timers: TimerTable

    /// Does it. What an attempt throws counts as a failure to open.
    func run(_ attempt: () async throws -> Outcome) async {
        var pause = SessionLimits.reconnect.least
        while !Task.isCancelled {
            let began = ContinuousClock.now
            var wanted: Duration?
            do {
                switch try await attempt() {
                case .over: return
                case .again(let wasOpen, let after):
                    // What does not stay open is as good as what does not open.
                    if wasOpen, began.duration(to: .now) > SessionLimits.standing { pause = SessionLimits.reconnect.least }
                    wanted = after
                }
            } catch is CancellationError {
                return
            } catch {}  // it is tried again, and whoever sends the request has logged why it failed
            let now = wanted.map { max($0, .milliseconds(500)) } ?? pause
            pause = min(pause * 2, SessionLimits.reconnect.most)
            guard (try? await timers.wait(now)) != nil else { return }  // nil: cancelled
        }
    }
}
