public import HubCore
public import Logging
import NIOCore

/// Reads secrets of AWS Secrets Manager: fields of a `SecretString` that is a JSON object; the field `SecretString` is all of it.
public struct AWSSecretsBackend: SecretBackend {
    private let client: SecretStoreClient

    /// The name of Secrets Manager in signatures.
    public static let service = "secretsmanager"

    /// Secrets Manager, reached over a way of the registry's.
    ///
    /// - Parameters:
    ///   - credential: with the region; its service is Secrets Manager.
    ///   - endpoint: nil for AWS's own of that region.
    ///   - registry: makes the way there.
    ///   - logger: hears of failures, with their causes.
    public init(_ credential: AWSCredential, endpoint: HTTPAddress?, registry: UpstreamRegistry, logger: Logger) throws(SecretError) {
        try self.init(credential, endpoint: endpoint, logger: logger) { registry.service(for: $0) }
    }

    init(
        _ credential: AWSCredential, endpoint: HTTPAddress?, logger: Logger, service: (UpstreamSettings) -> UpstreamService
    ) throws(SecretError) {
        client = SecretStoreClient(
            name: "AWS Secrets Manager", address: try credential.address(endpoint), credential: .sigv4(credential), logger: logger,
            service: service)
    }

    /// Reads one secret, by its name or its ARN, in its current version.
    public func read(_ name: String, field: String?) async throws(SecretError) -> Secret {
        guard let field else { throw SecretError(.missing, "a secret of AWS Secrets Manager is written ID#FIELD") }
        var json = JSONWriter()
        json.beginObject()
        json.member("SecretId", name)
        json.endObject()
        let (status, answer) = try await client.send(.aws("secretsmanager.GetSecretValue", body: json.buffer))
        guard status == 200 else { throw failure(status, answer, secret: name) }
        guard let text = answer?["SecretString"]?.string else {
            throw SecretError(.missing, "the secret \(name) of AWS Secrets Manager is not text")
        }
        return try client.field(field, ofText: text, whole: "SecretString", secret: name)
    }

    /// What an error means (Secrets Manager API Reference, "GetSecretValue" and "Common Error Types"), by its type and not by its text.
    private func failure(_ status: Int, _ answer: JSONValue?, secret: String) -> SecretError {
        let type = AWSErrorType(answer)
        return switch type.name {
        case "ResourceNotFoundException", "InvalidRequestException": client.failure(404, secret: secret)
        case "DecryptionFailure": client.failure(403, secret: secret)
        default: client.failure(type.isRefusal ? 403 : status, secret: secret)
        }
    }
}
