import HubCore
import NIOConcurrencyHelpers

/// The handshake eras at a server that speaks the modern one too.
extension UpstreamServer {
    /// Whether it speaks a handshake version beside the modern one, or may.
    var mayHaveHandshake: Bool {
        switch standing.withLockedValue(\.handshake) {
        case .unknown, .spoken: true
        case .refused, nil: false
        }
    }

    /// Whether a call whose handshake session could not be begun goes on in the modern era.
    ///
    /// 1. A server that answered, and not with a handshake, has none: so it does, and the next ones too until the server is reached again.
    /// 2. One that did not answer well, and is not known to have one: so it does, and the next one tries again.
    /// 3. One that has: what the client would be asked there it cannot be asked elsewhere, and the call fails.
    func doesWithoutHandshake(after error: HubError) -> Bool {
        standing.withLockedValue { standing in
            if error.isOfWrongEra {
                standing.found(.refused)
                return true
            }
            return standing.handshake != .spoken && [.upstreamFailed, .upstreamTimeout].contains(error.code)
        }
    }
}
