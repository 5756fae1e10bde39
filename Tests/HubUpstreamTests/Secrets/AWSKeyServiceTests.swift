import Crypto
import HubCore
import Testing

@testable import HubUpstream

@Suite("keys that AWS KMS makes", .timeLimit(.minutes(1)))
struct AWSKeyServiceTests {
    private static let plain = [UInt8](0..<32)
    private static let plainText = Base64.encode(plain)

    /// KMS as a test has it answer, and the hub's way to it.
    private static func service(_ status: Int, _ body: String) async throws -> (server: RawUpstream, keys: AWSKeyService) {
        let server = try await RawUpstream.start { _, _ in
            [.write("HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")]
        }
        return (server, try keys(server.port))
    }

    private static func keys(_ port: Int) throws -> AWSKeyService {
        let credential = AWSCredential(
            id: "AKID", secret: Secret("swordfish-key"), sessionToken: Secret("swordfish-token"), region: "eu-central-1",
            service: AWSKeyService.service)
        return try AWSKeyService(credential, endpoint: HTTPAddress("http://127.0.0.1:\(port)"), logger: TestUpstreams.logger) { settings in
            UpstreamService(settings, timers: TimerTable(), group: TestUpstreams.group)
        }
    }

    @Test("a key is made by GenerateDataKey, for the hub's purpose")
    func make() async throws {
        let (server, keys) = try await Self.service(
            200, #"{"CiphertextBlob":"AQID","Plaintext":"\#(Self.plainText)","KeyId":"arn:aws:kms:eu-central-1:1:key/a"}"#)
        let key = try await keys.makeKey(under: "alias/hub")
        #expect(key.key == SymmetricKey(data: Self.plain) && key.wrapped == [1, 2, 3])
        let request = try #require(server.log.requests.first?.text)
        #expect(request.hasPrefix("POST / HTTP/1.1\r\n"))
        let lower = request.lowercased()
        #expect(lower.contains("\r\nx-amz-target: trentservice.generatedatakey\r\n"))
        #expect(lower.contains("\r\ncontent-type: application/x-amz-json-1.1\r\n"))
        let covered = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
        #expect(lower.contains("/eu-central-1/kms/aws4_request, signedheaders=\(covered),"))
        #expect(
            request.hasSuffix("\r\n\r\n" + #"{"KeyId":"alias/hub","KeySpec":"AES_256","EncryptionContext":{"hubd":"master-key"}}"#))
    }

    @Test("a key is opened by Decrypt, under the one key that is named and for the same purpose")
    func open() async throws {
        let (server, keys) = try await Self.service(200, #"{"Plaintext":"\#(Self.plainText)","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#)
        #expect(try await keys.open([1, 2, 3], under: "alias/hub") == SymmetricKey(data: Self.plain))
        let request = try #require(server.log.requests.first?.text)
        #expect(request.lowercased().contains("x-amz-target: trentservice.decrypt\r\n"))
        #expect(
            request.hasSuffix(
                "\r\n\r\n" + #"{"KeyId":"alias/hub","CiphertextBlob":"AQID","EncryptionContext":{"hubd":"master-key"}}"#))
    }

    @Test(
        "an answer that is none of KMS's is refused, and nothing of it is repeated",
        arguments: [
            "", "swordfish", "[]", "{}", #"{"Plaintext":1,"CiphertextBlob":2}"#, #"{"Plaintext":null}"#,
            #"{"Plaintext":"swordfish","CiphertextBlob":"AQID"}"#, #"{"Plaintext":"\#(plainText)\n","CiphertextBlob":"AQID"}"#,
            #"{"Plaintext":"\#(Base64.encode([UInt8](0..<31)))","CiphertextBlob":"AQID"}"#,
            #"{"Plaintext":"\#(Base64.encode([UInt8](0..<33)))","CiphertextBlob":"AQID"}"#, #"{"Plaintext":"","CiphertextBlob":"AQID"}"#,
            #"{"Plaintext":"\#(plainText)","Plaintext":"\#(plainText)","CiphertextBlob":"AQID"}"#,
            String(repeating: "[", count: 10_000), "\u{0}\u{FFFD}",
        ])
    func oddAnswers(body: String) async throws {
        let (_, keys) = try await Self.service(200, body)
        for isOpening in [true, false] {
            let error = await #expect(throws: SecretError.self) {
                if isOpening { _ = try await keys.open([1], under: "a") } else { _ = try await keys.makeKey(under: "a") }
            }
            #expect(error?.kind == .unavailable)
            #expect(error.map { "\($0)".contains("swordfish") || "\($0)".contains(Self.plainText) } == false)
        }
    }

    @Test(
        "a wrapped key that is none is refused",
        arguments: [#""""#, "1", #""swordfish""#, #""\#(Base64.encode([UInt8](repeating: 0, count: 6145)))""#])
    func oddWrappedKeys(wrapped: String) async throws {
        let (_, keys) = try await Self.service(200, #"{"Plaintext":"\#(Self.plainText)","CiphertextBlob":\#(wrapped)}"#)
        let error = await #expect(throws: SecretError.self) { try await keys.makeKey(under: "a") }
        #expect(error?.kind == .unavailable)
    }

    @Test("the largest wrapped key is taken")
    func largestWrappedKey() async throws {
        let wrapped = [UInt8](repeating: 7, count: 6144)
        let (_, keys) = try await Self.service(200, #"{"Plaintext":"\#(Self.plainText)","CiphertextBlob":"\#(Base64.encode(wrapped))"}"#)
        #expect(try await keys.makeKey(under: "a").wrapped == wrapped)
    }

    @Test("an answer without end, and a place that is not there, are worth another try")
    func unavailable() async throws {
        let endless = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\n\r\n{\"Plaintext\":\""), .flood(64 << 20)] }
        let gone = try await RawUpstream.start { _, _ in [] }
        let port = gone.port
        await gone.stop()
        for port in [endless.port, port] {
            let error = await #expect(throws: SecretError.self) { try await Self.keys(port).open([1], under: "a") }
            #expect(error?.kind == .unavailable)
        }
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        let other = try await RawUpstream.start { _, _ in [] }
        let server = try await RawUpstream.start { _, _ in
            [.write("HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:\(other.port)/\r\ncontent-length: 0\r\n\r\n")]
        }
        let error = await #expect(throws: SecretError.self) { try await Self.keys(server.port).open([1], under: "a") }
        #expect(error?.description == "AWS KMS answered with 307" && other.log.opened == 0)
    }

    @Test(
        "what went wrong is told apart by its type, and its text is not repeated",
        arguments: [
            (400, "NotFoundException", SecretError.Kind.missing, "has no key a in eu-central-1"),
            (400, "com.amazonaws.kms#InvalidArnException", .missing, "does not take a for a key"),
            (400, "ValidationException", .missing, "does not take a for a key"),
            (400, "InvalidKeyUsageException", .missing, "symmetric"), (400, "DisabledException", .refused, "disabled"),
            (400, "KMSInvalidStateException", .refused, "deleted"), (400, "IncorrectKeyException", .refused, "another key"),
            (400, "InvalidCiphertextException", .refused, "changed"), (400, "AccessDeniedException", .refused, "kms:Decrypt"),
            (400, "UnrecognizedClientException", .refused, "kms:Decrypt"), (403, "SignatureDoesNotMatch", .refused, "kms:Decrypt"),
            (403, "", .refused, "kms:Decrypt"), (400, "ThrottlingException", .unavailable, "400"),
            (500, "KMSInternalException", .unavailable, "500"), (500, "KeyUnavailableException", .unavailable, "500"),
            (503, "swordfish", .unavailable, "503"),
        ])
    func failures(status: Int, type: String, kind: SecretError.Kind, words: String) async throws {
        let (_, keys) = try await Self.service(status, #"{"__type":"\#(type)","message":"swordfish"}"#)
        for isOpening in [true, false] {
            let error = await #expect(throws: SecretError.self) {
                if isOpening { _ = try await keys.open([1], under: "a") } else { _ = try await keys.makeKey(under: "a") }
            }
            #expect(error?.kind == kind && error?.description.contains(words) == true)
            #expect(error?.description.contains("swordfish") == false)
        }
    }

    @Test("without an endpoint it is where AWS has it", arguments: [("eu-central-1", ""), ("cn-north-1", ".cn")])
    func addresses(region: String, suffix: String) throws {
        let credential = AWSCredential(id: "a", secret: Secret("b"), region: region, service: AWSKeyService.service)
        #expect(try credential.address(nil) == HTTPAddress("https://kms.\(region).amazonaws.com\(suffix)"))
        var seen: [UpstreamAddress] = []
        _ = try AWSKeyService(credential, endpoint: nil, logger: TestUpstreams.logger) { settings in
            seen = settings.addresses
            return UpstreamService(settings, timers: TimerTable(), group: TestUpstreams.group)
        }
        #expect(seen.map(\.address) == [HTTPAddress("https://kms.\(region).amazonaws.com\(suffix)")])
    }
}
