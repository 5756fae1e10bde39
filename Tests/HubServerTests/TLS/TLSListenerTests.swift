import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import HubServer

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSListenerTests {
    private struct GreetingResponder: HTTPResponder {
        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            try await writer.respond(HTTPResponse(status: .ok), body: ByteBuffer(string: "hello \(request.host)"))
        }
    }

    private static func identities(b: TestCertificates.Pair = TestCertificates.b, authorities: String? = nil) throws -> [TLSIdentity] {
        [
            try CertificateTests.identity(["a.test"], certificate: TestCertificates.a.certificate, key: TestCertificates.a.key),
            try CertificateTests.identity(["b.test"], certificate: b.certificate, key: b.key, authorities: authorities),
        ]
    }

    private func withListener(
        _ identities: [TLSIdentity], bounds: ListenerBounds = ListenerBounds(), _ body: (Listener, CertificateStore) async throws -> Void
    ) async throws {
        let store = CertificateStore(try #require(TLSIdentitySet(identities)))
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: bounds, door: ListenerDoor(certificates: store), responder: GreetingResponder(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do { try await body(listener, store) } catch {
            await listener.shutDown(limit: .zero)
            throw error
        }
        await listener.shutDown(limit: .zero)
    }

    @Test("the certificate is that of the name asked for, and a renewed one is shown to the next caller")
    func names() async throws {
        try await withListener(try Self.identities()) { (listener, store) async throws in
            let before = try await TLSClient(name: "a.test").get(listener.address).certificate
            #expect(try await TLSClient(name: "b.test").get(listener.address).certificate != before)
            #expect(try await TLSClient(name: "c.test").get(listener.address).certificate == before)
            store.replace(
                with: try #require(
                    TLSIdentitySet([
                        try CertificateTests.identity(
                            ["a.test"], certificate: TestCertificates.b.certificate, key: TestCertificates.b.key)
                    ])))
            let after = try await TLSClient(name: "a.test", checksName: false).get(listener.address).certificate
            #expect(before != after)
        }
    }

    @Test("a name with clientCA lets in only callers with a certificate of that authority")
    func clientCertificates() async throws {
        try await withListener(try Self.identities(authorities: TestCertificates.authority)) { (listener, _) async throws in
            await #expect(throws: (any Error).self) { try await TLSClient(name: "b.test").get(listener.address) }
            #expect(try await TLSClient(name: "b.test", pair: TestCertificates.client).get(listener.address).body == "hello b.test")
            // Shaking hands for one name and asking for the other does not get around it.
            let answer = try await TLSClient(name: "a.test").get(listener.address, host: "b.test")
            #expect(answer.head.hasPrefix("HTTP/1.1 421"))
        }
    }

    @Test("TLS 1.1 and suites without forward secrecy are not spoken, TLS 1.2 and 1.3 are")
    func versions() async throws {
        try await withListener(try Self.identities()) { (listener, _) async throws in
            #expect(try await TLSClient(name: "a.test", version: .tlsv12).get(listener.address).body == "hello a.test")
            #expect(try await TLSClient(name: "a.test", version: .tlsv13).get(listener.address).body == "hello a.test")
            await #expect(throws: (any Error).self) { try await TLSClient(name: "a.test", version: .tlsv11).get(listener.address) }
        }
    }

    @Test("plain HTTP, and a caller who is silent or slow, are disconnected without an answer")
    func noTLS() async throws {
        var bounds = ListenerBounds()
        bounds.headerTime = .milliseconds(100)
        try await withListener(try Self.identities(), bounds: bounds) { (listener, _) async throws in
            let answer = try await RawClient.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", address: listener.address)
            #expect(!answer.hasPrefix("HTTP/"))
            #expect(try await RawClient.exchange("", address: listener.address) == "")
            #expect(try await RawClient.exchange("\u{16}\u{3}\u{1}\u{1}\u{0}\u{1}", address: listener.address) == "")
        }
    }

    @Test("an address that is not let in is disconnected before the handshake")
    func addresses() async throws {
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), door: ListenerDoor { $0 != "127.0.0.1" },
            responder: GreetingResponder(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // The connection may be gone before the request is out, which is as good.
        let answer = try? await RawClient.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", address: listener.address)
        #expect(answer ?? "" == "")
        await listener.shutDown(limit: .zero)
    }
}

/// A caller over TLS that trusts the test authority.
private struct TLSClient {
    var name: String
    var pair: TestCertificates.Pair?
    var version: TLSVersion?
    var checksName = true

    struct Answer {
        var head: String
        var body: String
        var certificate: [UInt8]
    }

    /// One request and its answer.
    func get(_ address: String, host: String? = nil) async throws -> Answer {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.authority.utf8)))
        if !checksName { configuration.certificateVerification = .noHostnameVerification }
        if let version {
            configuration.minimumTLSVersion = version
            configuration.maximumTLSVersion = version
        }
        if let pair {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(pair.certificate.utf8)).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: configuration)
        let (name, parts) = (name, address.split(separator: ":"))
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: \(host ?? name)\r\n\r\n"))
            var answer = ""
            var iterator = inbound.makeAsyncIterator()
            // Every answer here has a short body, which may come behind its head.
            while !answer.contains("\r\n\r\n") || answer.hasSuffix("\r\n\r\n"), let chunk = try await iterator.next() {
                answer += String(buffer: chunk)
            }
            // Gone with the connection where the answer closes it; no test looks at that.
            let certificate = try? await channel.channel.nioSSL_peerCertificate().get()?.toDERBytes()
            let split = answer.firstRange(of: "\r\n\r\n")
            return Answer(
                head: String(answer[..<(split?.lowerBound ?? answer.endIndex)]),
                body: String(answer[(split?.upperBound ?? answer.endIndex)...]), certificate: certificate ?? [])
        }
    }
}
