import HTTPTypes
public import HubCore
public import Logging

/// Reads secrets of Alibaba Cloud KMS (`GetSecretValue`, version 2016-01-20): fields of a `SecretData` that is a JSON object; the field
/// `SecretData` is all of it.
public struct AlibabaKMSBackend: SecretBackend {
    private let client: SecretStoreClient

    /// KMS, reached over a way of the registry's.
    ///
    /// - Parameters:
    ///   - credential: the account that reads secrets.
    ///   - region: where it is.
    ///   - endpoint: nil for the public one of that region.
    ///   - registry: makes the way there.
    ///   - logger: hears of failures, with their causes.
    public init(
        _ credential: AlibabaCredential, region: String, endpoint: HTTPAddress?, registry: UpstreamRegistry, logger: Logger
    ) throws(SecretError) {
        try self.init(credential, region: region, endpoint: endpoint, logger: logger) { registry.service(for: $0) }
    }

    init(
        _ credential: AlibabaCredential, region: String, endpoint: HTTPAddress?, logger: Logger,
        service: (UpstreamSettings) -> UpstreamService
    ) throws(SecretError) {
        var credential = credential
        (credential.action, credential.version) = ("GetSecretValue", "2016-01-20")
        guard let address = endpoint ?? HTTPAddress("https://kms.\(region).aliyuncs.com") else {
            throw SecretError(.missing, "Alibaba Cloud has no such region")
        }
        client = SecretStoreClient(
            name: "Alibaba Cloud KMS", address: address, credential: .alibaba(credential), logger: logger, service: service)
    }

    /// Reads one secret in its current version, `ACSCurrent`.
    public func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
        guard let field else { throw SecretError(.missing, "a secret of Alibaba Cloud KMS is written NAME#FIELD") }
        let (status, answer) = try await client.send(
            OutboundRequest(
                method: .post, path: "/?SecretName=" + PercentEncoding.encode(name), headers: [.accept: "application/json"]))
        guard status == 200 else { throw failure(status, answer, secret: name) }
        guard let text = answer?["SecretData"]?.string, answer?["SecretDataType"]?.string != "binary" else {
            throw SecretError(.missing, "the secret \(name) of Alibaba Cloud KMS is not text")
        }
        return try client.field(field, ofText: text, whole: "SecretData", secret: name)
    }

    /// What an error means, by its code and not by its text.
    private func failure(_ status: Int, _ answer: JSONValue?, secret: String) -> SecretError {
        let code = answer?["Code"]?.string ?? ""
        if code == "Forbidden.ResourceNotFound" || code == "Rejected.ResourceInDeletion" { return client.failure(404, secret: secret) }
        let refusals = [
            "Forbidden", "InvalidAccessKeyId", "InvalidSecurityToken", "SignatureDoesNotMatch", "IncompleteSignature", "NoPermission",
        ]
        return client.failure(refusals.contains { code.hasPrefix($0) } ? 403 : status, secret: secret)
    }
}
