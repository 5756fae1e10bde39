import HubCore
import HubUpstream
import NIOCore

/// Reads what a reference names, checked to be fit for a request.
typealias SecretReading = @Sendable (SecretReference) async throws(ConfigFinding) -> Secret

extension SecretReference {
    /// A secret of this reference, where it may stand in a request.
    func sendable(_ secret: Secret) throws(ConfigFinding) -> Secret {
        guard secret.revealed.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigFinding(severity: .error, message: "the credential has a control character in it", hint: nil, place: place)
        }
        return secret
    }
}

extension UpstreamEntry.Credential {
    /// The credential with its secrets.
    func read(_ secret: SecretReading) async throws(ConfigFinding) -> UpstreamCredential {
        switch self {
        case .header(let name, let value): return .header(name: name, value: try await secret(value))
        case .query(let name, let value): return .query(name: name, value: try await secret(value))
        case .basic(let username, let password): return .basic(username: username, password: try await secret(password))
        case .bearer(let token): return .bearer(try await secret(token))
        case .oauthClient(let service): return .oauthClient(try await service.read(secret))
        case .tokenExchange(let service, let subject): return .tokenExchange(try await service.read(secret), subject: subject)
        case .sigv4(let key, let region, let service): return .sigv4(try await key.aws(region: region, service: service, secret))
        case .alibaba(let key, let action, let version):
            var credential = try await key.alibaba(secret)
            (credential.action, credential.version) = (action, version)
            return .alibaba(credential)
        }
    }
}

extension TokenServiceEntry {
    fileprivate func read(_ secret: SecretReading) async throws(ConfigFinding) -> TokenService {
        try service(clientSecret: try await secret(clientSecret))
    }

    /// The service with the secret that the reference names.
    func service(clientSecret: Secret) throws(ConfigFinding) -> TokenService {
        TokenService(
            address: address, clientID: clientID, clientSecret: clientSecret, authentication: authentication, scopes: scopes,
            audience: audience, resource: resource, authorities: try CertificateAuthorities(file: authorities))
    }
}

extension SettingText {
    /// The text.
    func read(_ secret: SecretReading) async throws(ConfigFinding) -> String {
        switch self {
        case .plain(let text): text
        case .reference(let reference): try await secret(reference).revealed
        }
    }
}

extension AccessKey {
    /// The key as AWS takes it.
    func aws(region: String, service: String, _ secret: SecretReading) async throws(ConfigFinding) -> AWSCredential {
        AWSCredential(
            id: try await id.read(secret), secret: try await secret(self.secret), sessionToken: try await read(token, secret),
            region: region, service: service)
    }

    /// The key as Alibaba Cloud takes it.
    func alibaba(_ secret: SecretReading) async throws(ConfigFinding) -> AlibabaCredential {
        AlibabaCredential(
            id: try await id.read(secret), secret: try await secret(self.secret), securityToken: try await read(token, secret))
    }

    private func read(_ reference: SecretReference?, _ secret: SecretReading) async throws(ConfigFinding) -> Secret? {
        guard let reference else { return nil }
        return try await secret(reference)
    }
}

extension CertificateAuthorities {
    /// The authorities in a file; nil where none is named.
    init?(file: Placed<String>?) throws(ConfigFinding) {
        guard let file else { return nil }
        do {
            let bytes = try FileAccess.read(file.value, limit: 1 << 20)
            try self.init(pem: Array(bytes.readableBytesView))
        } catch let error as FileAccess.FileError {
            throw ConfigFinding(severity: .error, message: "cannot be read: \(error)", hint: nil, place: file.place)
        } catch {
            throw ConfigFinding(severity: .error, message: "this file does not hold certificates in PEM", hint: nil, place: file.place)
        }
    }
}
