import HubCore
import Logging
import NIOCore

/// The hub's way to a place that keeps secrets: no redirects, limits on time and size, and nothing of an answer in an error.
struct SecretStoreClient: Sendable {
    /// What operators call the place.
    let name: String
    private let service: UpstreamService
    private let logger: Logger

    /// The largest answer.
    static let maximumAnswerBytes = 1 << 20
    /// The largest secret.
    static let maximumSecretBytes = 64 << 10
    private static let limits = JSONLimits(
        maximumBytes: maximumAnswerBytes, maximumDepth: 64, maximumValues: 1 << 16, duplicateKeys: .refuse)

    /// - Parameters:
    ///   - name: what operators call the place.
    ///   - address: where it is, as the operator wrote it.
    ///   - credential: how each request is let in; nil where it says so itself.
    init(
        name: String, address: HTTPAddress, credential: UpstreamCredential? = nil, authorities: CertificateAuthorities? = nil,
        logger: Logger, service: (UpstreamSettings) -> UpstreamService
    ) {
        var settings = UpstreamSettings(
            name: "secrets/\(name)", addresses: [UpstreamAddress(address: address)], credential: credential,
            timeouts: TokenEndpoint.timeouts, maximumResponseBytes: Self.maximumAnswerBytes, isOperatorDefined: true)
        settings.authorities = authorities
        settings.hidesCredentials = false
        self.name = name
        self.service = service(settings)
        self.logger = logger
    }

    /// Sends a request; gives the status and the answer as JSON, nil where it is none, which no answer with 200 is.
    func send(_ request: OutboundRequest) async throws(SecretError) -> (status: Int, answer: JSONValue?) {
        do {
            let response = try await service.collect(request, basePath: "", logger: logger)
            // An error page says enough by its status.
            let answer = try? JSONDocument(parsing: response.body, limits: Self.limits).root
            // Somebody else's page, such as a proxy's: it must not be taken for the word that the secret is gone.
            guard response.status != 200 || answer?.kind == .object else { throw odd }
            return (response.status, answer)
        } catch let error as SecretError {
            throw error
        } catch let error as HubError {
            throw SecretError(.unavailable, "\(name) cannot be asked: \(error.message)")
        } catch {
            throw SecretError(.unavailable, "\(name) cannot be asked")
        }
    }

    /// That whoever answers is not the place.
    var odd: SecretError { SecretError(.unavailable, "\(name) does not answer as \(name) does; look at its address") }

    /// The secret in a field of an object.
    ///
    /// - Parameter secret: what the operator calls the secret.
    func field(_ field: String, of object: JSONValue?, secret: String) throws(SecretError) -> Secret {
        guard let value = object?[field] else { throw SecretError(.missing, "the secret \(secret) of \(name) has no field \(field)") }
        guard let text = value.string ?? value.numberText, !text.isEmpty else {
            throw SecretError(.missing, "the field \(field) of the secret \(secret) of \(name) is not text")
        }
        guard text.utf8.count <= Self.maximumSecretBytes else {
            throw SecretError(
                .missing, "the field \(field) of the secret \(secret) of \(name) is larger than \(Self.maximumSecretBytes) bytes")
        }
        return Secret(text)
    }

    /// The secret in a field of an object that is kept as JSON text, or the whole text under the name that the place has for it.
    func field(_ field: String, ofText text: String, whole: String, secret: String) throws(SecretError) -> Secret {
        // Text that is no JSON has no field but the whole.
        let object = try? JSONDocument(parsing: text, limits: Self.limits).root
        if field == whole, object?[whole] == nil {
            guard !text.isEmpty, text.utf8.count <= Self.maximumSecretBytes else {
                throw SecretError(.missing, "the secret \(secret) of \(name) is empty, or larger than \(Self.maximumSecretBytes) bytes")
            }
            return Secret(text)
        }
        guard object?.kind == .object else {
            throw SecretError(.missing, "the secret \(secret) of \(name) is not a JSON object; #\(whole) is all of it")
        }
        return try self.field(field, of: object, secret: secret)
    }

    /// What a status says that is no answer.
    func failure(_ status: Int, secret: String) -> SecretError {
        switch status {
        case 404: SecretError(.missing, "\(name) has no secret \(secret)")
        case 401, 403: SecretError(.refused, "\(name) does not let the hub read \(secret)")
        default: SecretError(.unavailable, "\(name) answered with \(status)")
        }
    }
}
