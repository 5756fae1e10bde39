import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubUpstream

@Suite("credentials made for each request", .timeLimit(.minutes(1)))
struct DynamicCredentialTests {
    /// A double of a token endpoint by the wire format of RFC 6749: gives `token-1`, `token-2` and so on.
    private static func tokenService(life: Int = 3600) async throws -> RawUpstream {
        try await RawUpstream.start { _, count in
            let json = #"{"access_token":"token-\#(count)","token_type":"Bearer","expires_in":\#(life)}"#
            return [.write("HTTP/1.1 200 OK\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)")]
        }
    }

    private static func oauth(_ tokens: RawUpstream) throws -> TokenService {
        TokenService(
            address: try #require(HTTPAddress("http://127.0.0.1:\(tokens.port)/token")), clientID: "hub", clientSecret: Secret("swordfish"))
    }

    /// Lets in whoever shows one of these tokens, and repeats what it got.
    private static func upstream(accepting good: Set<String>) async throws -> RawUpstream {
        try await RawUpstream.start { request, _ in
            guard good.contains(where: { request.contains("Bearer \($0)\r\n") }) else {
                return [.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 3\r\n\r\nno!")]
            }
            return [.write("HTTP/1.1 200 OK\r\ncontent-length: \(request.utf8.count)\r\n\r\n\(request)")]
        }
    }

    /// What stands in `Authorization`, request by request.
    private static func shown(_ upstream: RawUpstream) -> [String] {
        upstream.log.requests.map { request in
            let line = request.text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("authorization: ") }
            return line.map { String($0.dropFirst("authorization: ".count)) } ?? "nothing"
        }
    }

    @Test("one token serves many requests, and no answer gives it back")
    func clientCredentials() async throws {
        let tokens = try await Self.tokenService()
        let upstream = try await Self.upstream(accepting: ["token-1"])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .oauthClient(oauth) }
        for _ in 0..<3 {
            let answer = try await service.text(.get, "/x")
            #expect(answer.contains("Bearer ***") && !answer.contains("token-1"))
        }
        #expect(tokens.log.requests.count == 1)
        #expect(Self.shown(upstream) == Array(repeating: "Bearer token-1", count: 3))
    }

    @Test("a refused token is replaced once, for every method whose body is there, and the second answer stands", arguments: [true, false])
    func refused(isAcceptedAgain: Bool) async throws {
        let tokens = try await Self.tokenService()
        let upstream = try await Self.upstream(accepting: isAcceptedAgain ? ["token-2"] : [])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .oauthClient(oauth) }
        let request = OutboundRequest(method: .post, path: "/x", body: ByteBuffer(string: "body"))
        let answer = try await service.collect(request, basePath: "", logger: TestUpstreams.logger)
        #expect(answer.status == (isAcceptedAgain ? 200 : 401))
        #expect(Self.shown(upstream) == ["Bearer token-1", "Bearer token-2"])
        #expect(upstream.log.requests.allSatisfy { $0.text.hasSuffix("\r\n\r\nbody") })
        #expect(tokens.log.requests.count == 2)
        guard !isAcceptedAgain else { return }
        #expect(try await service.send(.get, "/y").status == 401)
        #expect(tokens.log.requests.count == 2, "an upstream that always refuses does not have the hub ask without end")
    }

    @Test("a request whose body is a stream is never sent twice")
    func streams() async throws {
        let tokens = try await Self.tokenService()
        let upstream = try await Self.upstream(accepting: [])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .oauthClient(oauth) }
        var request = OutboundRequest(method: .post, path: "/x")
        request.bodyStream = NoBody()
        #expect(try await service.send(request, basePath: "", logger: TestUpstreams.logger).status == 401)
        #expect(tokens.log.requests.count == 1)
    }

    @Test("without a token the upstream is not asked, and the error says nothing of the secret")
    func failing() async throws {
        let tokens = try await RawUpstream.start { _, _ in
            let json = #"{"error":"invalid_client","error_description":"no swordfish"}"#
            return [.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)")]
        }
        let upstream = try await Self.upstream(accepting: [])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .oauthClient(oauth) }
        let error = await #expect(throws: HubError.self) { try await service.text() }
        #expect(error?.code == .upstreamFailed && error?.message == "The upstream's token service gives the hub no token")
        #expect(error.map { "\($0.cause.map { "\($0)" } ?? "")".contains("invalid_client") } == true)
        #expect(error.map { "\($0) \($0.cause.map { "\($0)" } ?? "")".contains("swordfish") } == false)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test(
        "an endless answer, a redirect and garbage of the token service are failures of their own",
        arguments: ["endless", "redirect", "garbage"])
    func hostile(kind: String) async throws {
        let tokens = try await RawUpstream.start { _, _ in
            switch kind {
            case "endless": [.write("HTTP/1.1 200 OK\r\n\r\n"), .flood(64 << 20)]
            case "redirect": [.write("HTTP/1.1 307 Temporary Redirect\r\nlocation: /token\r\ncontent-length: 0\r\n\r\n")]
            default: [.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\u{1}\u{2}\u{3}{")]
            }
        }
        let upstream = try await Self.upstream(accepting: [])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .oauthClient(oauth) }
        #expect(await service.failure() == .upstreamFailed)
        #expect(upstream.log.requests.isEmpty && tokens.log.requests.count == 1)
    }

    @Test("a secret goes to no token service that nobody vouches for", arguments: [true, false])
    func tls(isVouchedFor: Bool) async throws {
        let tokens = try await RawUpstream.start(tls: try TestCertificates.serverContext()) { _, _ in
            let json = #"{"access_token":"token-1","token_type":"Bearer"}"#
            return [.write("HTTP/1.1 200 OK\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)")]
        }
        let upstream = try await Self.upstream(accepting: ["token-1"])
        var oauth = try Self.oauth(tokens)
        oauth.address = try #require(HTTPAddress("https://localhost:\(tokens.port)/token"))
        if isVouchedFor { oauth.authorities = try CertificateAuthorities(pem: Array(TestCertificates.authority.utf8)) }
        let credential = UpstreamCredential.oauthClient(oauth)
        let service = try TestUpstreams.service(upstream) { $0.credential = credential }
        #expect(await service.failure() == (isVouchedFor ? nil : .upstreamFailed))
        #expect(tokens.log.requests.count == (isVouchedFor ? 1 : 0) && upstream.log.requests.count == (isVouchedFor ? 1 : 0))
    }

    @Test("each caller's token is exchanged for one of its own, and a caller without one gets nothing")
    func exchange() async throws {
        let tokens = try await RawUpstream.start { request, _ in
            let subject = request.split(separator: "subject_token=").dropFirst().first?.prefix { $0 != "&" } ?? "none"
            let json = #"{"access_token":"for-\#(subject)","token_type":"Bearer","issued_token_type":"x"}"#
            return [.write("HTTP/1.1 200 OK\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)")]
        }
        let upstream = try await Self.upstream(accepting: ["for-anna", "for-bert"])
        let oauth = try Self.oauth(tokens)
        let service = try TestUpstreams.service(upstream) { $0.credential = .tokenExchange(oauth, subject: .accessToken) }
        for name in ["anna", "bert", "anna"] {
            let principal = Principal(consumer: name, credential: nil, subjectToken: Secret(name))
            let answer = try await service.send(
                OutboundRequest(method: .get, path: "/"), basePath: "", principal: principal, logger: TestUpstreams.logger)
            #expect(answer.status == 200)
        }
        #expect(Self.shown(upstream) == ["anna", "bert", "anna"].map { "Bearer for-\($0)" })
        #expect(tokens.log.requests.count == 2)
        let error = await #expect(throws: HubError.self) { try await service.text() }
        #expect(error?.code == .upstreamFailed && error?.message.contains("the caller showed no token") == true)
        #expect(upstream.log.requests.count == 3 && tokens.log.requests.count == 2)
    }

    @Test("each attempt is signed anew, for the address that it goes to")
    func signedForAddress() async throws {
        let upstream = try await RawUpstream.start { request, count in
            count == 2 ? [.close] : [.write("HTTP/1.1 200 OK\r\ncontent-length: \(request.utf8.count)\r\n\r\n\(request)")]
        }
        let gone = try await RawUpstream.start { _, _ in [] }
        let port = gone.port
        await gone.stop()
        let service = try TestUpstreams.service(upstream, host: "localhost") { settings in
            settings.credential = .alibaba(AlibabaCredential(id: "ID", secret: Secret("swordfish")))
            if let dead = HTTPAddress("http://127.0.0.1:\(port)") { settings.addresses.insert(UpstreamAddress(address: dead), at: 0) }
        }
        for _ in 0..<2 {
            let answer = try await service.text(.get, "/x?b=a:b")
            #expect(answer.contains("Signature=***") && answer.contains("localhost:\(upstream.port)\r\n"))
            #expect(answer.hasPrefix("GET /x?b=a%3Ab HTTP/1.1\r\n"))
        }
        let requests = upstream.log.requests.map(\.text)
        let nonces = requests.compactMap { $0.split(separator: "x-acs-signature-nonce: ").dropFirst().first?.prefix(32) }
        #expect(nonces.count == 3 && Set(nonces).count == 3, "the second request was sent again, with a nonce of its own")
    }

    @Test("an operation's token stands in place of the upstream's, and operations that fetch it alike share it")
    func operations() async throws {
        let tokens = try await Self.tokenService()
        let upstream = try await Self.upstream(accepting: ["token-1"])
        let service = try TestUpstreams.service(upstream) {
            $0.credential = .sigv4(AWSCredential(id: "ID", secret: Secret("swordfish"), region: "r", service: "s"))
        }
        let registry = UpstreamRegistry(timers: TimerTable())
        let client = UpstreamCredential.oauthClient(try Self.oauth(tokens))
        let (first, second) = (
            registry.credentials(shown: [client], known: [client], name: "a"), registry.credentials(shown: [client], known: [], name: "b")
        )
        for credentials in [first, second] {
            let (response, length) = try await service.open(
                OutboundRequest(method: .get, path: "/"), basePath: "", credentials: credentials, logger: TestUpstreams.logger)
            let answer = try await service.collect(response, length: length)
            #expect(answer.status == 200 && String(buffer: answer.body).contains("Bearer ***"))
        }
        #expect(Self.shown(upstream) == ["Bearer token-1", "Bearer token-1"] && tokens.log.requests.count == 1)
    }

    @Test("a trace carries nothing")
    func trace() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream) {
            $0.credential = .sigv4(AWSCredential(id: "ID", secret: Secret("swordfish"), region: "r", service: "s"))
        }
        _ = try await service.text(.trace, "/")
        _ = try await service.text(.get, "/")
        #expect(Self.shown(upstream).first == "nothing" && Self.shown(upstream).last?.contains("AWS4-HMAC-SHA256 Credential=ID/") == true)
    }
}
