import HTTPTypes
import HubCore
import NIOCore

extension OutboundRequest {
    /// An operation of a service of AWS that speaks JSON 1.1.
    ///
    /// - Parameters:
    ///   - operation: with the service's own prefix, such as `TrentService.Decrypt`.
    ///   - body: a JSON object.
    static func aws(_ operation: String, body: ByteBuffer) -> OutboundRequest {
        OutboundRequest(
            method: .post, path: "/", headers: [.contentType: "application/x-amz-json-1.1", .amzTarget: operation], body: body)
    }
}

extension AWSCredential {
    /// Where the credential's service is: at the address that the operator wrote, or where AWS has it in the region.
    func address(_ endpoint: HTTPAddress?) throws(SecretError) -> HTTPAddress {
        if let endpoint { return endpoint }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        guard let address = HTTPAddress("https://\(service).\(region).\(domain)") else {
            throw SecretError(.missing, "AWS has no such region")
        }
        return address
    }
}

/// What an error of AWS is, without its text.
struct AWSErrorType {
    /// The name, such as `ThrottlingException`; empty where the answer has none.
    let name: Substring

    /// The type of an error as AWS answers it.
    init(_ answer: JSONValue?) {
        name = (answer?["__type"]?.string ?? "").split(separator: "#").last ?? ""
    }

    /// Whether the request was not let in ("Common Error Types" of the API references).
    var isRefusal: Bool {
        switch name {
        case "AccessDeniedException", "AccessDenied", "ExpiredTokenException", "IncompleteSignature", "IncompleteSignatureException",
            "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
            "NotAuthorized", "OptInRequired", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException":
            true
        default: false
        }
    }
}

extension HTTPField.Name {
    fileprivate static let amzTarget = HTTPField.Name("x-amz-target") ?? .via
}
