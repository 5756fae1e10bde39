import HubCore
import MCPHub

/// What an entry says of trust, as written.
struct TrustEntry: Sendable, Hashable {
    /// When the definition of a tool is taken. The order is that of strictness.
    enum Pin: String, Sendable, Hashable, Comparable, CaseIterable {
        /// Always.
        case off
        /// As the server's first list has it; what changes or comes later waits for somebody to approve it.
        case firstUse = "first-use"
        /// When somebody has approved it.
        case approval

        static func < (a: Pin, b: Pin) -> Bool { a.strictness < b.strictness }

        private var strictness: Int {
            switch self {
            case .off: 0
            case .firstUse: 1
            case .approval: 2
            }
        }
    }

    /// When definitions are taken; nil where it is not written.
    var pin: Pin?
    /// Whether clients are told that results are data of others.
    var areResultsUntrusted = false
    /// What may not be used after something else was read.
    var flows: [FlowRule] = []
}

extension ServerEntry {
    /// When its definitions are taken, as it is written or by default: what others list is held to its first list, what the operator
    /// described is not.
    var pin: TrustEntry.Pin { trust.pin ?? (description.value.isMCP ? .firstUse : .off) }
}

extension Settings {
    /// When a virtual server takes the definitions of one that it includes: where both say something, the stricter counts.
    func pin(of server: ServerEntry, in virtual: VirtualServerEntry) -> TrustEntry.Pin {
        guard let own = virtual.trust.pin else { return server.pin }
        return server.trust.pin.map { max($0, own) } ?? own
    }

    /// The strictest that any entry says of a server's definitions.
    func strictestPin(of server: ServerEntry) -> TrustEntry.Pin {
        virtualServers.filter { $0.includes.contains { $0.server.value == server.name } }
            .reduce(server.pin) { max($0, pin(of: server, in: $1)) }
    }
}
