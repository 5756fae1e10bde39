import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("TLS to an upstream", .timeLimit(.minutes(1)))
struct TLSTests {
    private func upstream() async throws -> RawUpstream {
        try await RawUpstream.start(tls: try TestCertificates.serverContext()) { _, _ in [.write(TestUpstreams.ok)] }
    }

    private func authorities() throws -> CertificateAuthorities { try CertificateAuthorities(pem: Array(TestCertificates.authority.utf8)) }

    @Test("an upstream whose authority is named is trusted, and its connection kept")
    func trusted() async throws {
        let upstream = try await upstream()
        let authorities = try authorities()
        let service = try TestUpstreams.service(upstream, scheme: "https", host: "localhost") { $0.authorities = authorities }
        #expect(try await service.text() == "ok")
        #expect(try await service.text() == "ok")
        #expect(upstream.log.requests.count == 2)
        #expect(upstream.log.requests.allSatisfy { $0.connection == upstream.log.requests.first?.connection })
    }

    @Test("an authority that nobody named is not trusted")
    func untrusted() async throws {
        let upstream = try await upstream()
        let service = try TestUpstreams.service(upstream, scheme: "https", host: "localhost")
        #expect(await service.failure() == .upstreamFailed)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("a certificate for another name is refused, whoever issued it")
    func wrongName() async throws {
        let upstream = try await upstream()
        let authorities = try authorities()
        let service = try TestUpstreams.service(upstream, scheme: "https", host: "127.0.0.1") { $0.authorities = authorities }
        #expect(await service.failure() == .upstreamFailed)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("what asks for HTTP/2 is served by an upstream that does not speak it, with the same certificates and limits")
    func withoutHTTP2() async throws {
        let upstream = try await RawUpstream.start(tls: try TestCertificates.serverContext()) { request, _ in
            request.contains("/stalls")
                ? [.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"), .gate]
                : [.write("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
        }
        let authorities = try authorities()
        let service = try TestUpstreams.service(upstream, scheme: "https", host: "localhost") { settings in
            settings.authorities = authorities
            settings.usesHTTP2 = true
            settings.timeouts.idle = .milliseconds(300)
        }
        let response = try await service.send()
        #expect(response.fields.isEmpty)
        #expect(String(buffer: try await response.body.collect(upTo: 10)) == "ok")
        #expect(await service.failure(.get, "/stalls") == .upstreamTimeout)
        let stranger = try TestUpstreams.service(upstream, scheme: "https", host: "localhost") { $0.usesHTTP2 = true }
        #expect(await stranger.failure() == .upstreamFailed)
        let task = Task { await service.failure(.get, "/stalls") }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test("a handshake that does not come to an end counts as connecting")
    func silentHandshake() async throws {
        let upstream = try await RawUpstream.start { _, _ in [] }
        let service = try TestUpstreams.service(upstream, scheme: "https") { $0.timeouts.connect = .milliseconds(200) }
        #expect(await service.failure() == .upstreamTimeout)
        await upstream.until { $0.closed == 1 }
    }

    @Test(
        "what is no certificate is no authority", arguments: ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
    func malformed(text: String) {
        #expect(throws: CertificateAuthorities.Malformed.self) { try CertificateAuthorities(pem: Array(text.utf8)) }
    }
}
