import HubCore

/// The server answered, but not in the one era that was to be spoken: the cause of an error.
struct WrongEra: Error, CustomStringConvertible {
    let cause: any Error
    var description: String { "\(cause)" }
}

extension HubError {
    /// The server does not speak the one era that was to be spoken.
    static func wrongEra(_ era: UpstreamEra, cause: any Error) -> HubError {
        let words = era == .modern ? "The server does not speak MCP 2026-07-28" : "The server speaks no handshake version of MCP"
        return HubError(.upstreamFailed, words, cause: WrongEra(cause: cause))
    }

    /// Whether it is `wrongEra`, or was made of it.
    var isOfWrongEra: Bool { cause is WrongEra || (cause as? HubError)?.cause is WrongEra }
}
