public import Crypto
public import HubCore
public import Logging
import NIOCore

/// AWS KMS, which makes keys for the hub and opens them again: the hub keeps one only as KMS gave it out, wrapped under a key that never
/// leaves there (envelope encryption).
public struct AWSKeyService: Sendable {
    /// A key that KMS has made.
    public struct DataKey: Sendable {
        /// The key: 256 bits, for the memory of this process alone.
        public let key: SymmetricKey
        /// The same as only KMS opens it.
        public let wrapped: [UInt8]
    }

    /// The name of KMS in signatures.
    public static let service = "kms"
    /// The largest `CiphertextBlob` (KMS API Reference, "Decrypt").
    public static let maximumWrappedBytes = 6144
    /// What the hub's keys are for. KMS binds it to what it wraps, opens nothing without it, and writes it to its log: no secret.
    private static let purpose = (name: "hubd", value: "master-key")

    private let client: SecretStoreClient
    private let region: String

    /// KMS, reached over a way of the registry's.
    ///
    /// - Parameters:
    ///   - credential: with the region; its service is KMS.
    ///   - endpoint: nil for AWS's own of that region.
    ///   - registry: makes the way there.
    ///   - logger: hears of failures, with their causes.
    public init(_ credential: AWSCredential, endpoint: HTTPAddress?, registry: UpstreamRegistry, logger: Logger) throws(SecretError) {
        try self.init(credential, endpoint: endpoint, logger: logger) { registry.service(for: $0) }
    }

    init(
        _ credential: AWSCredential, endpoint: HTTPAddress?, logger: Logger, service: (UpstreamSettings) -> UpstreamService
    ) throws(SecretError) {
        region = credential.region
        client = SecretStoreClient(
            name: "AWS KMS", address: try credential.address(endpoint), credential: .sigv4(credential), logger: logger,
            service: service)
    }

    /// Has a key made under a key of KMS.
    ///
    /// - Parameter id: the identifier, ARN or alias of a symmetric key.
    public func makeKey(under id: String) async throws(SecretError) -> DataKey {
        let answer = try await ask("GenerateDataKey", id) { $0.member("KeySpec", "AES_256") }
        guard let wrapped = answer["CiphertextBlob"]?.string.flatMap(Base64.decode), (1...Self.maximumWrappedBytes).contains(wrapped.count)
        else { throw client.odd }
        return DataKey(key: try key(in: answer), wrapped: wrapped)
    }

    /// Opens a key that was made under a key of KMS, and under no other.
    public func open(_ wrapped: [UInt8], under id: String) async throws(SecretError) -> SymmetricKey {
        try key(in: try await ask("Decrypt", id) { $0.member("CiphertextBlob", Base64.encode(wrapped)) })
    }

    private func ask(_ operation: String, _ id: String, _ write: (inout JSONWriter) -> Void) async throws(SecretError) -> JSONValue {
        var json = JSONWriter()
        json.beginObject()
        // Decrypt could find the key by itself: then whoever can write to the data folder would choose it.
        json.member("KeyId", id)
        write(&json)
        json.key("EncryptionContext")
        json.beginObject()
        json.member(Self.purpose.name, Self.purpose.value)
        json.endObject()
        json.endObject()
        let (status, answer) = try await client.send(.aws("TrentService.\(operation)", body: json.buffer))
        guard status == 200, let answer else { throw failure(status, answer, id) }
        return answer
    }

    private func key(in answer: JSONValue) throws(SecretError) -> SymmetricKey {
        guard let plain = answer["Plaintext"]?.string.flatMap(Base64.decode), plain.count == 32 else { throw client.odd }
        return SymmetricKey(data: plain)
    }

    /// What an error means (KMS API Reference, "GenerateDataKey", "Decrypt" and "Common Error Types"), by its type and not by its text.
    private func failure(_ status: Int, _ answer: JSONValue?, _ id: String) -> SecretError {
        let type = AWSErrorType(answer)
        return switch type.name {
        case "NotFoundException": SecretError(.missing, "AWS KMS has no key \(id) in \(region)")
        case "InvalidArnException", "ValidationException", "ValidationError":
            SecretError(.missing, "AWS KMS does not take \(id) for a key in \(region)")
        case "InvalidKeyUsageException": SecretError(.missing, "the key \(id) of AWS KMS is not one that encrypts; name a symmetric one")
        case "DisabledException": SecretError(.refused, "the key \(id) of AWS KMS is disabled; enable it")
        case "KMSInvalidStateException":
            SecretError(.refused, "the key \(id) of AWS KMS cannot be used as it is; is it to be deleted?")
        case "IncorrectKeyException":
            SecretError(.refused, "it was made under another key of AWS KMS than the one that \(id) names now")
        case "InvalidCiphertextException":
            SecretError(.refused, "AWS KMS does not open it: it was changed, or not made by the hub under \(id)")
        case _ where type.isRefusal || status == 401 || status == 403:
            SecretError(.refused, "AWS KMS does not let the hub use the key \(id): it needs kms:GenerateDataKey and kms:Decrypt")
        default: SecretError(.unavailable, "AWS KMS answered with \(status)")
        }
    }
}
