import Crypto
import HTTPTypes
import HubCore
import NIOCore

/// Signs requests with AWS Signature Version 4, in the header.
///
/// The canonical form is that of AWS's documentation ("Create a signed AWS API request") where that is definite, and of botocore's
/// `SigV4Auth` and `S3SigV4Auth` where it is not:
/// 1. The path is normalised, its dot segments and repeated slashes taken out, and encoded once more. For S3 it stays as it is sent.
/// 2. `x-amz-content-sha256` is sent to S3 alone, which demands it; every signature covers the hash of the body.
/// 3. Every field is covered but those that stand in `uncovered`.
struct SigV4Signer: DynamicCredential {
    private let credential: AWSCredential
    private let clock: CredentialClock

    /// Fields that intermediaries change: those that botocore leaves out, and `Accept-Encoding`.
    private static let uncovered: Set<String> = [
        "accept-encoding", "authorization", "baggage", "expect", "traceparent", "tracestate", "transfer-encoding", "user-agent",
        "x-amzn-trace-id",
    ]
    private static let algorithm = "AWS4-HMAC-SHA256"

    init(_ credential: AWSCredential, clock: CredentialClock) {
        self.credential = credential
        self.clock = clock
    }

    private var isS3: Bool { credential.service == "s3" }

    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission {
        let signature = try sign(&request, host: endpoint.authority, isSecure: endpoint.isSecure)
        return Admission(redaction: Redaction(word: signature))
    }

    /// Signs a request for a host; gives the signature.
    func sign(_ request: inout EndpointRequest, host: String, isSecure: Bool) throws(UpstreamFailure) -> String {
        let time = SigningTime(seconds: clock.seconds())
        let hash = try payloadHash(request.body, isSecure: isSecure)
        let target = StrictTarget(request.target)
        request.target = target.text
        for name in [HTTPField.Name.authorization, .amzDate, .amzSecurityToken, .amzContentSHA256] { request.fields[name] = nil }
        request.fields[.amzDate] = time.basic
        if let token = credential.sessionToken { request.fields[.amzSecurityToken] = token.revealed }
        if isS3 { request.fields[.amzContentSHA256] = hash }
        let headers = SignedHeaders(
            request.fields, host: host, covers: { !Self.uncovered.contains($0) },
            value: { values in values.map(Self.collapsed).joined(separator: ",") })
        let canonical = [
            request.method.rawValue, isS3 ? target.path : Self.canonicalPath(target.path), target.canonicalQuery, headers.lines,
            headers.names,
            hash,
        ].joined(separator: "\n")
        let scope = "\(time.date)/\(credential.region)/\(credential.service)/aws4_request"
        let digest = Hexadecimal.encode(SHA256.hash(data: Array(canonical.utf8)))
        let signature = Hexadecimal.encode(
            Self.hmac(key(for: time), [Self.algorithm, time.basic, scope, digest].joined(separator: "\n")))
        request.fields[.authorization] =
            "\(Self.algorithm) Credential=\(credential.id)/\(scope), SignedHeaders=\(headers.names), Signature=\(signature)"
        return signature
    }

    private func key(for time: SigningTime) -> [UInt8] {
        [time.date, credential.region, credential.service, "aws4_request"].reduce(Array("AWS4\(credential.secret.revealed)".utf8)) {
            Self.hmac($0, $1)
        }
    }

    /// S3 takes a body that was not hashed where TLS vouches for it; other services do not.
    private func payloadHash(_ body: EndpointRequest.Body, isSecure: Bool) throws(UpstreamFailure) -> String {
        if let hash = body.payloadHash { return hash }
        guard isS3, isSecure else { throw .credential(.bodyIsStream) }
        return "UNSIGNED-PAYLOAD"
    }

    /// A path, encoded already, without dot segments (RFC 3986 §5.2.4) and repeated slashes, encoded once more.
    static func canonicalPath(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return StrictTarget.encode(("/" + segments.joined(separator: "/") + end).utf8, keepingSlashes: true)
    }

    /// A value without spaces at its ends, and with one where there are several.
    static func collapsed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }

    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}

extension HTTPField.Name {
    fileprivate static let amzDate = HTTPField.Name("x-amz-date") ?? .via
    fileprivate static let amzSecurityToken = HTTPField.Name("x-amz-security-token") ?? .via
    fileprivate static let amzContentSHA256 = HTTPField.Name("x-amz-content-sha256") ?? .via
}
