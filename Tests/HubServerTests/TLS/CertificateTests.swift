import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubServer

@Suite("Certificates")
struct CertificateTests {
    @Test(
        "the certificate is that of the exact name, else that of the wildcard, else the first",
        arguments: [
            ("b.test", 1), ("B.Test.", 1), ("x.b.test", 1), ("x.y.b.test", 0), (".b.test", 0), ("deep.c.test", 3), ("named.c.test", 2),
            ("a.test", 0), ("stranger.test", 0), ("", 0), ("test", 0),
        ])
    func choice(name: String, index: Int) {
        let table = ServerNameTable([["a.test"], ["b.test", "*.b.test"], ["named.c.test"], ["*.c.test", "b.test"]])
        #expect(table.index(for: name) == index)
    }

    @Test("callers that name no host get the first")
    func noName() {
        #expect(ServerNameTable([["a.test"], ["*.b.test"]]).index(for: nil) == 0)
        #expect(TLSIdentitySet([]) == nil)
    }

    @Test("what is no certificate, no key, or the key of another is named as such")
    func badMaterial() throws {
        #expect(throws: TLSMaterialError(part: .certificate, message: "it holds no certificate in PEM")) {
            try Self.identity(certificate: "nonsense", key: TestCertificates.a.key)
        }
        #expect(throws: TLSMaterialError(part: .certificate, message: "it holds no certificate in PEM")) {
            try Self.identity(certificate: "", key: TestCertificates.a.key)
        }
        #expect(throws: TLSMaterialError(part: .key, message: "it holds no private key in PEM without a passphrase")) {
            try Self.identity(certificate: TestCertificates.a.certificate, key: "nonsense")
        }
        #expect(throws: TLSMaterialError(part: .key, message: "it does not belong to the certificate")) {
            try Self.identity(certificate: TestCertificates.a.certificate, key: TestCertificates.b.key)
        }
        #expect(throws: TLSMaterialError(part: .clientAuthorities, message: "it holds no certificate in PEM")) {
            try Self.identity(certificate: TestCertificates.a.certificate, key: TestCertificates.a.key, authorities: "\n")
        }
        #expect(try Self.identity(certificate: TestCertificates.a.certificate, key: TestCertificates.a.key).expires > 4_000_000_000)
    }

    @Test("a request for a name that asks for a client certificate does not come over a connection without one")
    func misdirected() throws {
        let open = try Self.identity(["open.test"], certificate: TestCertificates.a.certificate, key: TestCertificates.a.key)
        let closed = try Self.identity(
            ["closed.test"], certificate: TestCertificates.b.certificate, key: TestCertificates.b.key,
            authorities: TestCertificates.authority)
        let store = CertificateStore(try #require(TLSIdentitySet([open, closed])))
        let without = TLSSession(store: store, clientAuthorities: nil)
        let with = TLSSession(store: store, clientAuthorities: closed.clientAuthorities)
        try without.check(host: "open.test")
        let error = #expect(throws: HTTP1Error.self) { try without.check(host: "closed.test") }
        #expect(error?.status == .misdirectedRequest)
        try with.check(host: "open.test")
        try with.check(host: "closed.test")
        // The authorities change: who was let in by the old ones is not by the new.
        let renewed = try Self.identity(
            ["closed.test"], certificate: TestCertificates.b.certificate, key: TestCertificates.b.key,
            authorities: TestCertificates.authority + "\n")
        store.replace(with: try #require(TLSIdentitySet([open, renewed])))
        #expect(throws: HTTP1Error.self) { try with.check(host: "closed.test") }
    }

    static func identity(
        _ names: [String] = ["a.test"], certificate: String, key: String, authorities: String? = nil
    ) throws -> TLSIdentity {
        try TLSIdentity(
            TLSMaterial(
                names: names, certificate: ByteBuffer(string: certificate), key: Secret(key),
                clientAuthorities: authorities.map { ByteBuffer(string: $0) }))
    }
}
