import HubCore
import NIOCore

extension ListenAddress {
    /// Whether a socket that listens at `actual` is one that these settings ask for.
    ///
    /// The settings decide what may be open to whom, so that a socket that reaches further than they say is not taken.
    /// 1. The port is the same, or any will do.
    /// 2. An address is the same address; both forms of "every address" are.
    /// 3. `localhost` is any loopback address.
    /// 4. Another name is the address that it would be bound to.
    func isMet(by actual: ListenAddress) -> Bool {
        guard port == 0 || port == actual.port, let listening = IPAddress(actual.host) else { return false }  // 1
        if let wanted = IPAddress(host) {
            return wanted == listening || wanted.isUnspecified && listening.isUnspecified  // 2
        }
        if isLoopback { return actual.isLoopback }  // 3
        let found = try? SocketAddress.makeAddressResolvingHost(host, port: 0)  // a name without an address is met by none
        return found?.ipAddress.flatMap { IPAddress($0) } == listening  // 4
    }
}

extension IPAddress {
    /// Whether it stands for every address of the machine.
    fileprivate var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }
}
