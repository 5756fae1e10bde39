import HubCore
import Testing

@testable import HubUpstream

@Suite("secrets of the clouds", .timeLimit(.minutes(1)))
struct CloudSecretsTests {
    /// Answers each request with a status and JSON.
    private static func server(_ answer: @escaping @Sendable (String) -> (Int, String)) async throws -> (RawUpstream, HTTPAddress) {
        let server = try await RawUpstream.start { request, _ in
            let (status, body) = answer(request)
            return [.write("HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")]
        }
        return (server, try #require(HTTPAddress("http://127.0.0.1:\(server.port)")))
    }

    private static func service(_ settings: UpstreamSettings) -> UpstreamService {
        UpstreamService(settings, timers: TimerTable(), group: TestUpstreams.group)
    }

    /// A double of Secrets Manager by its API reference: the name of the secret decides.
    private static func aws() async throws -> (RawUpstream, AWSSecretsBackend) {
        let (server, address) = try await Self.server { request in
            func error(_ type: String, _ status: Int = 400) -> (Int, String) { (status, #"{"__type":"\#(type)","Message":"swordfish"}"#) }
            let name = request.split(separator: #"{"SecretId":""#).dropFirst().first?.prefix { $0 != "\"" } ?? ""
            return switch name {
            case "json": (200, #"{"SecretString":"{\"key\":\"sesame\",\"n\":1}","VersionId":"x"}"#)
            case "text": (200, #"{"SecretString":"plain text"}"#)
            case "own": (200, #"{"SecretString":"{\"key\":\"swordfish-key\"}"}"#)
            case "binary": (200, #"{"SecretBinary":"AAAA"}"#)
            case "denied": error("AccessDeniedException")
            case "signature": error("com.amazon.coral.service#InvalidSignatureException", 403)
            case "deleted": error("InvalidRequestException")
            case "busy": error("ThrottlingException")
            case "down": error("InternalServiceError", 500)
            case "page": (200, "<html>swordfish</html>")
            default: error("ResourceNotFoundException")
            }
        }
        let key = AWSCredential(id: "AKID", secret: Secret("swordfish-key"), region: "eu-central-1", service: AWSSecretsBackend.service)
        return (server, try AWSSecretsBackend(key, endpoint: address, logger: TestUpstreams.logger, service: service))
    }

    @Test(
        "a field of a SecretString is read, or all of it",
        arguments: [
            ("json", "key", "sesame"), ("json", "n", "1"), ("json", "SecretString", #"{"key":"sesame","n":1}"#),
            ("text", "SecretString", "plain text"), ("own", "key", "swordfish-key"),
        ])
    func awsFields(name: String, field: String, value: String) async throws {
        let (server, backend) = try await Self.aws()
        #expect(try await backend.read(name, field: field).revealed == value)
        let request = try #require(server.log.requests.first?.text.lowercased())
        #expect(request.hasPrefix("post / http/1.1\r\n") && request.contains("x-amz-target: secretsmanager.getsecretvalue\r\n"))
        #expect(request.contains("/eu-central-1/secretsmanager/aws4_request, signedheaders=content-type;host;x-amz-date;x-amz-target,"))
    }

    @Test(
        "what went wrong is told apart, and nothing is repeated that was answered",
        arguments: [
            ("none", "key", SecretError.Kind.missing), ("json", "none", .missing), ("text", "key", .missing), ("binary", "key", .missing),
            ("deleted", "key", .missing), ("denied", "key", .refused), ("signature", "key", .refused), ("busy", "key", .unavailable),
            ("down", "key", .unavailable), ("page", "key", .unavailable),
        ])
    func awsFailures(name: String, field: String, kind: SecretError.Kind) async throws {
        let (_, backend) = try await Self.aws()
        let error = await #expect(throws: SecretError.self) { try await backend.read(name, field: field) }
        #expect(error?.kind == kind)
        #expect(error.map { "\($0)".contains("swordfish") || "\($0)".contains("plain text") } == false)
    }

    /// A double of Alibaba Cloud KMS by its API reference: the name of the secret decides.
    private static func alibaba() async throws -> (RawUpstream, AlibabaKMSBackend) {
        let (server, address) = try await Self.server { request in
            let name = request.split(separator: "SecretName=").dropFirst().first?.prefix { $0 != " " && $0 != "&" } ?? ""
            return switch name {
            case "a%2Fb": (200, #"{"SecretName":"a/b","SecretData":"{\"key\":\"sesame\"}","SecretDataType":"text","VersionId":"v1"}"#)
            case "text": (200, #"{"SecretData":"plain text","SecretDataType":"text"}"#)
            case "binary": (200, #"{"SecretData":"AAAA","SecretDataType":"binary"}"#)
            case "denied": (403, #"{"Code":"Forbidden.NoPermission","Message":"swordfish"}"#)
            case "key": (404, #"{"Code":"InvalidAccessKeyId.NotFound","Message":"swordfish"}"#)
            case "busy": (400, #"{"Code":"Rejected.Throttling","Message":"swordfish"}"#)
            case "down": (503, "<html>")
            case "page": (200, "<html>swordfish</html>")
            default: (404, #"{"Code":"Forbidden.ResourceNotFound","Message":"swordfish"}"#)
            }
        }
        let backend = try AlibabaKMSBackend(
            AlibabaCredential(id: "LTAI", secret: Secret("swordfish-key")), region: "cn-hangzhou", endpoint: address,
            logger: TestUpstreams.logger, service: service)
        return (server, backend)
    }

    @Test("a field of a SecretData is read, or all of it")
    func alibabaFields() async throws {
        let (server, backend) = try await Self.alibaba()
        #expect(try await backend.read("a/b", field: "key").revealed == "sesame")
        #expect(try await backend.read("text", field: "SecretData").revealed == "plain text")
        let request = try #require(server.log.requests.first?.text.lowercased())
        #expect(request.hasPrefix("post /?secretname=a%2fb http/1.1\r\n") && request.contains("x-acs-action: getsecretvalue\r\n"))
        #expect(request.contains("x-acs-version: 2016-01-20\r\n") && request.contains("authorization: acs3-hmac-sha256 credential=ltai,"))
    }

    @Test(
        "its failures are told apart",
        arguments: [
            ("none", SecretError.Kind.missing), ("text", .missing), ("binary", .missing), ("denied", .refused), ("key", .refused),
            ("busy", .unavailable), ("down", .unavailable), ("page", .unavailable),
        ])
    func alibabaFailures(name: String, kind: SecretError.Kind) async throws {
        let (_, backend) = try await Self.alibaba()
        let error = await #expect(throws: SecretError.self) { try await backend.read(name, field: "key") }
        #expect(error?.kind == kind)
        #expect(error.map { "\($0)".contains("swordfish") || "\($0)".contains("plain text") } == false)
    }

    @Test("a place that is not there, or answers without end, is worth another try")
    func unavailable() async throws {
        let endless = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\n\r\n"), .flood(64 << 20)] }
        let gone = try await RawUpstream.start { _, _ in [] }
        let port = gone.port
        await gone.stop()
        for port in [endless.port, port] {
            let key = AWSCredential(id: "a", secret: Secret("b"), region: "c", service: AWSSecretsBackend.service)
            let backend = try AWSSecretsBackend(
                key, endpoint: HTTPAddress("http://127.0.0.1:\(port)"), logger: TestUpstreams.logger, service: Self.service)
            let error = await #expect(throws: SecretError.self) { try await backend.read("a", field: "b") }
            #expect(error?.kind == .unavailable)
        }
    }
}
