import HubCore
import Logging

extension UpstreamWay {
    /// What begins sessions over it.
    func opener(timers: TimerTable, version: String, logger: Logger) -> any SessionOpener {
        switch self {
        case .http(let http): HTTPSessionOpener(http: http, timers: timers, version: version, logger: logger)
        case .process(let source): LineSessionOpener(source: source, timers: timers, version: version, logger: logger)
        }
    }
}
