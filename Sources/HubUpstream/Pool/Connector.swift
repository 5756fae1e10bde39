import HubCore
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections to one address of an upstream: finds its addresses, refuses those that are not allowed, connects to the first that
/// answers (RFC 8305), and speaks TLS where that is asked for.
struct Connector: Sendable {
    /// Where to.
    let endpoint: Endpoint
    /// How TLS is spoken.
    let tls: TLSClient
    /// Whether only public addresses are connected to.
    let isPublicOnly: Bool

    /// Opens a connection that `handler` drives.
    ///
    /// - Parameters:
    ///   - addresses: what `addresses(on:)` gave.
    ///   - handler: makes the handler of a channel; several are made where several addresses are tried.
    ///   - opened: is given the channel before TLS is spoken, so that it can be closed.
    func connect(
        to addresses: EventLoopFuture<[SocketAddress]>, on loop: any EventLoop, timeout: TimeAmount,
        handler: @escaping @Sendable () -> UpstreamConnection,
        opened: @escaping (any Channel) -> Void
    ) -> EventLoopFuture<NIOLoopBound<UpstreamConnection>> {
        let context = endpoint.isSecure ? tls.context(on: loop).map { Optional($0) } : loop.makeSucceededFuture(nil)
        let opened = NIOLoopBound(opened, eventLoop: loop)
        return addresses.and(context).flatMap { addresses, context in
            let serverName = endpoint.address == nil ? endpoint.host : nil  // RFC 6066 §3: no addresses
            let bootstrap = ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelOption(.maxMessagesPerRead, value: 1)  // bounds what comes between two looks at the reader
                .connectTimeout(timeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName)) }
                        try pipeline.addHandler(handler())
                    }
                }
            let channel =
                addresses.count == 1
                ? bootstrap.connect(to: addresses[0])
                : bootstrap.resolver(KnownAddresses(addresses, on: loop)).connect(host: endpoint.host, port: endpoint.port)
            return channel.flatMap { channel in
                // What was checked is what is connected to; this sees to it that it stays so.
                guard !isPublicOnly || Self.isPublic(channel.remoteAddress) else {
                    channel.close(promise: nil)
                    return loop.makeFailedFuture(UpstreamFailure.addressRefused)
                }
                opened.value(channel)
                return Self.ready(channel)
            }
        }
    }

    /// The addresses that may be connected to. One that may not be refuses them all: a name that means both is an attack.
    func addresses(on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        let found =
            endpoint.address == nil
            ? NameResolver.addresses(of: endpoint.host, port: endpoint.port, on: loop)
            : loop.makeCompletedFuture { [try SocketAddress(ipAddress: endpoint.host, port: endpoint.port)] }
        return found.flatMapThrowing { addresses in
            guard !addresses.isEmpty else { throw NameResolver.Failure(code: 0) }
            guard !isPublicOnly || addresses.allSatisfy(Self.isPublic) else { throw UpstreamFailure.addressRefused }
            return addresses
        }
    }

    /// Whether an address is one of the public internet.
    static func isPublic(_ address: SocketAddress?) -> Bool {
        guard let text = address?.ipAddress, let ip = IPAddress(text) else { return false }
        return HostClass(ip) == .public
    }

    private static func ready(_ channel: any Channel) -> EventLoopFuture<NIOLoopBound<UpstreamConnection>> {
        do {
            let connection = try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
            let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
            return connection.whenReady(on: channel.eventLoop).map { bound }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }
}

/// Answers NIO's question for addresses with those that have been found and checked.
private final class KnownAddresses: Resolver, Sendable {
    private let v4: EventLoopFuture<[SocketAddress]>
    private let v6: EventLoopFuture<[SocketAddress]>

    init(_ addresses: [SocketAddress], on loop: any EventLoop) {
        v4 = loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet })
        v6 = loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet6 })
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { v4 }
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { v6 }
    func cancelQueries() {}
}
