import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("AWS Signature Version 4")
struct SigV4SignerTests {
    /// What is signed and what comes of it.
    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var service = "service"
        var key = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        var seconds: Int64 = 1_440_938_160  // 2015-08-30T12:36:00Z
        var method = HTTPRequest.Method.get
        var host = "example.amazonaws.com"
        var target: String
        var fields: [(String, String)] = []
        var body: String?
        var headers: String
        var signature: String
    }

    /// The examples of AWS's documentation: of its test suite, of IAM, and of "Examples: Signature Calculations" of S3.
    static let examples: [Example] = {
        let s3 = Example(
            testDescription: "GET Object", service: "s3", key: ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            seconds: 1_369_353_600, host: "examplebucket.s3.amazonaws.com", target: "/test.txt", fields: [("range", "bytes=0-9")],
            headers: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        var put = s3
        put.testDescription = "PUT Object"
        put.method = .put
        put.target = "/test$file.text"
        put.fields = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")]
        put.body = "Welcome to Amazon S3."
        put.headers = "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class"
        put.signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        var lifecycle = s3
        lifecycle.testDescription = "GET Bucket Lifecycle"
        lifecycle.target = "/?lifecycle"
        lifecycle.fields = []
        lifecycle.headers = "host;x-amz-content-sha256;x-amz-date"
        lifecycle.signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        var list = lifecycle
        list.testDescription = "GET Bucket"
        list.target = "/?max-keys=2&prefix=J"
        list.signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        return [
            Example(
                testDescription: "get-vanilla", target: "/", headers: "host;x-amz-date",
                signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            Example(
                testDescription: "get-vanilla-query-order-key", target: "/?Param2=value2&Param1=value1", headers: "host;x-amz-date",
                signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            Example(
                testDescription: "post-vanilla", method: .post, target: "/", headers: "host;x-amz-date",
                signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            Example(
                testDescription: "normalize-path, get-slashes", target: "//example//./x/..//", headers: "host;x-amz-date",
                signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
            Example(
                testDescription: "IAM ListUsers", service: "iam", host: "iam.amazonaws.com",
                target: "/?Action=ListUsers&Version=2010-05-08",
                fields: [("content-type", "application/x-www-form-urlencoded; charset=utf-8")], headers: "content-type;host;x-amz-date",
                signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
            s3, put, lifecycle, list,
        ]
    }()

    private func sign(_ example: Example, token: Secret? = nil, body: EndpointRequest.Body? = nil) throws -> EndpointRequest {
        let credential = AWSCredential(
            id: example.key.0, secret: Secret(example.key.1), sessionToken: token, region: "us-east-1", service: example.service)
        let signer = SigV4Signer(credential, clock: .fixed(seconds: example.seconds))
        var request = EndpointRequest.test(example.method, example.target, example.fields, body: example.body)
        if let body { request.body = body }
        _ = try signer.sign(&request, host: example.host, isSecure: true)
        return request
    }

    @Test("the examples of the documentation come out as they stand there", arguments: examples)
    func documentation(example: Example) throws {
        let request = try sign(example)
        let authorization = try #require(request.fields[.authorization])
        #expect(authorization.hasSuffix("SignedHeaders=\(example.headers), Signature=\(example.signature)"))
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=\(example.key.0)/"))
    }

    @Test("what the request says of signatures itself is replaced")
    func replaced() throws {
        var example = Self.examples[0]
        let names = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "user-agent", "accept-encoding"]
        example.fields = names.map { ($0, "mine") }
        let request = try sign(example)
        #expect(request.fields[.authorization]?.hasSuffix(example.signature) == true)
        #expect(request.fields.filter { $0.value == "mine" }.map(\.name.canonicalName) == ["user-agent", "accept-encoding"])
    }

    @Test("a session token is sent and covered")
    func sessionToken() throws {
        let request = try sign(Self.examples[0], token: Secret("temporary"))
        #expect(request.fields[try #require(HTTPField.Name("x-amz-security-token"))] == "temporary")
        #expect(request.fields[.authorization]?.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,") == true)
    }

    @Test("a body that comes in pieces is sent unsigned to S3 over TLS, and to nobody else")
    func streams() throws {
        let stream = EndpointRequest.Body.stream(NoBody())
        let request = try sign(Self.examples[5], body: stream)
        #expect(request.fields[try #require(HTTPField.Name("x-amz-content-sha256"))] == "UNSIGNED-PAYLOAD")
        #expect(throws: UpstreamFailure.self) { try sign(Self.examples[0], body: stream) }
        var plain = EndpointRequest.test(.put, "/x")
        plain.body = stream
        let s3 = SigV4Signer(AWSCredential(id: "a", secret: Secret("b"), region: "c", service: "s3"), clock: .fixed(seconds: 0))
        #expect(throws: UpstreamFailure.self) { try s3.sign(&plain, host: "h", isSecure: false) }
    }

    @Test(
        "paths are normalised and encoded once more",
        arguments: [
            ("/", "/"), ("//", "/"), ("/a/../..", "/"), ("/a/./b//c/", "/a/b/c/"), ("/%20/é", "/%2520/%C3%A9"), ("/..", "/"),
            ("/a~b_c-d.e", "/a~b_c-d.e"),
        ])
    func paths(path: String, canonical: String) {
        #expect(SigV4Signer.canonicalPath(path) == canonical)
    }
}

/// A body without a piece.
struct NoBody: BodyStream {
    func next() async throws -> ByteBuffer? { nil }
    func cancel() {}
}
