import HubCore
public import NIOCore
import NIOSSL

/// One certificate with its key, ready to shake hands. Made when the configuration is read or a file changed, never on an event loop.
public struct TLSIdentity: Sendable {
    /// The host names it is for.
    public let names: [String]
    /// When its certificate ends, in seconds since 1970.
    public let expires: Int64
    let context: NIOSSLContext
    /// What callers' certificates must come from; nil where none is asked for. Two identities ask for the same if these are equal.
    let clientAuthorities: ByteBuffer?

    /// Checks the material and makes it ready.
    public init(_ material: TLSMaterial) throws(TLSMaterialError) {
        let chain = try Self.certificates(material.certificate, part: .certificate)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: Array(material.key.revealed.utf8), format: .pem)
        } catch {
            throw TLSMaterialError(part: .key, message: "it holds no private key in PEM without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        configuration.applicationProtocols = ApplicationProtocol.allCases.map(\.rawValue)
        configuration.shutdownTimeout = .seconds(1)  // who does not answer a goodbye holds its connection no longer
        if let authorities = material.clientAuthorities {
            configuration.trustRoots = .certificates(try Self.certificates(authorities, part: .clientAuthorities))
            // The whole chain, but no name: callers have none that could be looked up.
            configuration.certificateVerification = .noHostnameVerification
            configuration.sendCANameList = true
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSMaterialError(part: .key, message: "it does not belong to the certificate")
        }
        names = material.names
        expires = chain.first.map { Int64($0.notValidAfter) } ?? 0
        clientAuthorities = material.clientAuthorities
    }

    /// Checks a certificate without its key: that it is PEM.
    public static func check(certificate: ByteBuffer, part: TLSMaterialError.Part) throws(TLSMaterialError) {
        _ = try certificates(certificate, part: part)
    }

    // Those of TLS 1.2 with forward secrecy and authenticated encryption; the ones of 1.3 are all of that kind.
    private static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ]

    private static func certificates(
        _ pem: ByteBuffer, part: TLSMaterialError.Part
    ) throws(TLSMaterialError) -> [NIOSSLCertificate] {
        // An empty list would be no error to NIOSSL, and then everybody or nobody would be trusted.
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(pem.readableBytesView)), !certificates.isEmpty else {
            throw TLSMaterialError(part: part, message: "it holds no certificate in PEM")
        }
        return certificates
    }
}

/// What callers and the hub may agree on during the handshake (ALPN), the better first.
enum ApplicationProtocol: String, CaseIterable, Sendable {
    case http2 = "h2"
    case http1 = "http/1.1"
}
