import NIOSSL

/// The certificates of the authorities that vouch for an upstream, in place of the system's.
public struct CertificateAuthorities: Sendable, Hashable {
    /// The text is not certificates in PEM.
    public struct Malformed: Error {}

    /// PEM, one certificate or more.
    let pem: [UInt8]

    /// Checks that `pem` holds at least one certificate.
    public init(pem: [UInt8]) throws(Malformed) {
        // Which of its many errors the library gives does not matter: the file is to be mended.
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(pem), !certificates.isEmpty else { throw Malformed() }
        self.pem = pem
    }
}
