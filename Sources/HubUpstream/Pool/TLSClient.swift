import HubCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// How an upstream is spoken to over TLS: certificates and names are always checked.
///
/// The context is made at the first connection, off the event loops: it reads the authorities from disk.
final class TLSClient: Sendable {
    private static let system = TLSClient(authorities: nil)

    private let authorities: CertificateAuthorities?
    private let context = NIOLockedValueBox<NIOSSLContext?>(nil)

    /// - Parameter authorities: who vouches for the upstream; nil means the system's, whose context all share.
    static func with(authorities: CertificateAuthorities?) -> TLSClient { authorities.map { TLSClient(authorities: $0) } ?? system }

    private init(authorities: CertificateAuthorities?) {
        self.authorities = authorities
    }

    /// The context, made where there is none yet.
    func context(on loop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        if let known = context.withLockedValue({ $0 }) { return loop.makeSucceededFuture(known) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [self] in
            let made = try NIOSSLContext(configuration: configuration())
            return context.withLockedValue { context in
                let shared = context ?? made
                context = shared
                return shared
            }
        }
    }

    /// What a client of this upstream asks of it.
    func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .fullVerification
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let authorities { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authorities.pem)) }
        return configuration
    }
}
