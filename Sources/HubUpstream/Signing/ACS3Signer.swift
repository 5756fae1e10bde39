import Crypto
import HTTPTypes
import HubCore
import NIOCore

/// Signs requests with Alibaba Cloud's ACS3-HMAC-SHA256 (help.aliyun.com, "V3 request structure and signature").
///
/// The signature covers `Host`, `Content-Type` and every `x-acs-` field, as the documentation demands.
struct ACS3Signer: DynamicCredential {
    private let credential: AlibabaCredential
    private let clock: CredentialClock

    private static let algorithm = "ACS3-HMAC-SHA256"

    init(_ credential: AlibabaCredential, clock: CredentialClock) {
        self.credential = credential
        self.clock = clock
    }

    func admit(_ request: inout EndpointRequest, at endpoint: Endpoint, for asker: Asker) async throws(UpstreamFailure) -> Admission {
        Admission(redaction: Redaction(word: try sign(&request, host: endpoint.authority)))
    }

    /// Signs a request for a host; gives the signature.
    func sign(_ request: inout EndpointRequest, host: String) throws(UpstreamFailure) -> String {
        guard let hash = request.body.payloadHash else { throw .credential(.bodyIsStream) }
        let target = StrictTarget(request.target)
        request.target = target.text
        request.fields[.authorization] = nil
        request.fields[.acsSecurityToken] = credential.securityToken?.revealed
        request.fields[.acsDate] = SigningTime(seconds: clock.seconds()).extended
        request.fields[.acsNonce] = clock.nonce()
        request.fields[.acsContentSHA256] = hash
        for (name, value) in [(HTTPField.Name.acsAction, credential.action), (.acsVersion, credential.version)] {
            if let value, request.fields[name] == nil { request.fields[name] = value }
        }
        let headers = SignedHeaders(
            request.fields, host: host, covers: { $0 == "content-type" || $0.hasPrefix("x-acs-") },
            value: { values in values.map(Self.trimmed).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",") })
        let canonical = [request.method.rawValue, target.path, target.canonicalQuery, headers.lines, headers.names, hash]
            .joined(separator: "\n")
        let digest = Hexadecimal.encode(SHA256.hash(data: Array(canonical.utf8)))
        let key = SymmetricKey(data: Array(credential.secret.revealed.utf8))
        let signature = Hexadecimal.encode(HMAC<SHA256>.authenticationCode(for: Array("\(Self.algorithm)\n\(digest)".utf8), using: key))
        request.fields[.authorization] =
            "\(Self.algorithm) Credential=\(credential.id),SignedHeaders=\(headers.names),Signature=\(signature)"
        return signature
    }

    private static func trimmed(_ value: String) -> String {
        let start = value.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}

extension HTTPField.Name {
    fileprivate static let acsAction = HTTPField.Name("x-acs-action") ?? .via
    fileprivate static let acsVersion = HTTPField.Name("x-acs-version") ?? .via
    fileprivate static let acsDate = HTTPField.Name("x-acs-date") ?? .via
    fileprivate static let acsNonce = HTTPField.Name("x-acs-signature-nonce") ?? .via
    fileprivate static let acsContentSHA256 = HTTPField.Name("x-acs-content-sha256") ?? .via
    fileprivate static let acsSecurityToken = HTTPField.Name("x-acs-security-token") ?? .via
}
