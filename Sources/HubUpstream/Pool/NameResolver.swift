import Glibc
import NIOCore
import NIOPosix

/// Finds the addresses of names with the system's resolver, on threads of its own: an answer may take seconds.
enum NameResolver {
    /// Few, because connections that are opened at once share a question; several, because a name server that is silent holds its thread.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    /// The name has no address, or no name server answered.
    struct Failure: Error {
        /// What `getaddrinfo` gave.
        var code: Int
    }

    /// All addresses of `host`, the preferred one first (RFC 6724), with `port`.
    static func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        threads.runIfActive(eventLoop: loop) { try addresses(of: host, port: port) }
    }

    private static func addresses(of host: String, port: Int) throws(Failure) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw Failure(code: Int(code)) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        // Each entry of the list is valid until `freeaddrinfo`; its address is of the type that its family says.
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                switch unsafe entry.pointee.ai_family {
                case AF_INET: unsafe addresses.append(SocketAddress(UnsafeRawPointer(address).load(as: sockaddr_in.self)))
                case AF_INET6: unsafe addresses.append(SocketAddress(UnsafeRawPointer(address).load(as: sockaddr_in6.self)))
                default: break
                }
            }
            unsafe next = entry.pointee.ai_next
        }
        for index in addresses.indices { addresses[index].port = port }
        return addresses
    }
}
