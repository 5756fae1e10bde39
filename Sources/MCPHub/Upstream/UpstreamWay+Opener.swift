import HubCore
import Logging

extension UpstreamWay {
    /// What starts the processes of a command.
    var processes: (any LineChannelSource)? {
        switch self {
        case .http: nil
        case .process(let source): source
        }
    }

    /// What begins sessions over it.
    func opener(era: UpstreamEra, timers: TimerTable, version: String, logger: Logger) -> any SessionOpener {
        switch self {
        case .http(let http): HTTPSessionOpener(http: http, timers: timers, version: version, era: era, logger: logger)
        case .process(let source): LineSessionOpener(source: source, timers: timers, version: version, era: era, logger: logger)
        }
    }
}
