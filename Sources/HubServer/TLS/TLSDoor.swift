import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// The TLS handshake of a connection: chooses the certificate by the name the caller asks for, gives the handshake its time, and then makes
/// way for the protocol that both agreed on. Lives on the connection's event loop, until the handshake is done.
///
/// What is no TLS, `http://` to this port for example, ends the connection without an answer.
final class TLSDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let open: (ApplicationProtocol, TLSSession) throws -> Void
    private let store: CertificateStore
    private let logger: Logger
    private let timeLimit: TimeAmount
    private var timer: Scheduled<Void>?
    private var session: TLSSession

    private init(
        store: CertificateStore, timeLimit: TimeAmount, logger: Logger, open: @escaping (ApplicationProtocol, TLSSession) throws -> Void
    ) {
        self.store = store
        self.timeLimit = timeLimit
        self.logger = logger
        self.open = open
        session = TLSSession(store: store, clientAuthorities: nil)
    }

    /// Puts the handshake at the front of a connection. To be called on its loop.
    ///
    /// - Parameters:
    ///   - timeLimit: how long the handshake may take.
    ///   - open: adds the handlers of the protocol agreed on.
    static func install(
        on channel: any Channel, store: CertificateStore, timeLimit: TimeAmount, logger: Logger,
        open: @escaping (ApplicationProtocol, TLSSession) throws -> Void
    ) throws {
        let door = TLSDoor(store: store, timeLimit: timeLimit, logger: logger, open: open)
        let bound = NIOLoopBound(door, eventLoop: channel.eventLoop)
        let sni = SNIHandler { name in
            channel.eventLoop.makeCompletedFuture {
                try bound.value.beginHandshake(as: name, on: channel)
            }
        }
        try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(sni), door])
    }

    private func beginHandshake(as name: SNIResult, on channel: any Channel) throws {
        let identity: TLSIdentity
        switch name {
        case .hostname(let name): identity = store.identity(for: name)
        case .fallback: identity = store.identity(for: nil)
        }
        session = TLSSession(store: store, clientAuthorities: identity.clientAuthorities)
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: identity.context), position: .before(self))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: timeLimit) { bound.value.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let name)? = event as? TLSUserEvent else { return context.fireUserInboundEventTriggered(event) }
        do {
            // A caller without ALPN, or with none that fits, speaks HTTP/1.1.
            try open(name.flatMap { ApplicationProtocol(rawValue: $0) } ?? .http1, session)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            logger.error("a connection could not be set up", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a TLS handshake failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }
}
