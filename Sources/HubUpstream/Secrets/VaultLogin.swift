import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Gets the hub into a Vault and keeps it there: its token is renewed at two thirds of its lease.
///
/// 1. A role's token is renewed as long as that gives it as much time as the login did; then the hub logs in again.
/// 2. A token of the hub's own is renewed where it can be. One that may not look at itself is used as it is.
final class VaultLogin: Sendable {
    private let settings: VaultSettings
    private let client: SecretStoreClient
    private let lease = NIOLockedValueBox(Duration.zero)

    init(_ settings: VaultSettings, client: SecretStoreClient) {
        self.settings = settings
        self.client = client
    }

    /// A token, or a longer life for the current one.
    func obtain(_ current: Secret?) async throws(CredentialFailure) -> TokenGrant {
        switch settings.login {
        case .token(let token):
            let (isRenewable, left) = try await look(at: token)
            guard current != nil, isRenewable, let renewed = try await renew(token) else { return TokenGrant(token: token, life: left) }
            return renewed
        case .appRole(let roleID, let secretID, let mount):
            if let current, let renewed = try await renew(current), renewed.life >= lease.withLockedValue({ $0 }) { return renewed }
            let grant = try await logIn(roleID: roleID, secretID: secretID, mount: mount)
            lease.withLockedValue { $0 = grant.life }
            return grant
        }
    }

    private func logIn(roleID: Secret, secretID: Secret, mount: String) async throws(CredentialFailure) -> TokenGrant {
        var json = JSONWriter()
        json.beginObject()
        json.member("role_id", roleID.revealed)
        json.member("secret_id", secretID.revealed)
        json.endObject()
        let path = mount.split(separator: "/").map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
        let (status, answer) = try await send("/v1/auth/\(path)/login", body: json.buffer)
        guard status == 200 else { throw Self.failure(status) }
        guard let auth = answer?["auth"], let token = auth["client_token"]?.string, TokenGrant.isSendable(token) else {
            throw .malformed("no client_token")
        }
        return TokenGrant(token: Secret(token), life: Self.life(auth["lease_duration"]))
    }

    /// A longer life; nil where the token has none to get, so that the hub logs in again or goes on as long as it can.
    private func renew(_ token: Secret) async throws(CredentialFailure) -> TokenGrant? {
        let (status, answer) = try await send("/v1/auth/token/renew-self", token: token, body: ByteBuffer(string: "{}"))
        switch status {
        case 200: return TokenGrant(token: token, life: Self.life(answer?[path: "auth", "lease_duration"]))
        case 400..<500: return nil
        default: throw .odd(status: status)
        }
    }

    private func look(at token: Secret) async throws(CredentialFailure) -> (isRenewable: Bool, left: Duration) {
        let (status, answer) = try await send("/v1/auth/token/lookup-self", token: token, body: nil)
        switch status {
        case 200: return (answer?[path: "data", "renewable"]?.bool ?? false, Self.life(answer?[path: "data", "ttl"]))
        case 400..<500: return (false, TokenGrant.unsaidLife)
        default: throw .odd(status: status)
        }
    }

    /// A lease in seconds; 0 is one that does not end.
    private static func life(_ seconds: JSONValue?) -> Duration {
        guard let seconds = seconds?.int, seconds > 0 else { return TokenGrant.longestLife }
        return .seconds(min(seconds, 1 << 30))
    }

    private static func failure(_ status: Int) -> CredentialFailure {
        (400..<500).contains(status) && status != 429 ? .refused(status: status, code: nil) : .odd(status: status)
    }

    private func send(
        _ path: String, token: Secret? = nil, body: ByteBuffer?
    ) async throws(CredentialFailure) -> (status: Int, answer: JSONValue?) {
        do throws(SecretError) {
            return try await client.send(settings.request(body == nil ? .get : .post, path, token: token, body: body))
        } catch {
            throw .unavailable(error)
        }
    }
}

extension VaultSettings {
    /// A request to the Vault.
    func request(_ method: HTTPRequest.Method, _ path: String, token: Secret?, body: ByteBuffer? = nil) -> OutboundRequest {
        // Agents and proxies of Vault refuse requests without the second, which no page of a browser can send.
        var headers: HTTPFields = [.accept: "application/json", .vaultRequest: "true"]
        if body != nil { headers[.contentType] = "application/json" }
        if let token { headers[.vaultToken] = token.revealed }
        if let namespace { headers[.vaultNamespace] = namespace }
        return OutboundRequest(method: method, path: path, headers: headers, body: body)
    }
}

extension HTTPField.Name {
    fileprivate static let vaultToken = HTTPField.Name("x-vault-token") ?? .via
    fileprivate static let vaultNamespace = HTTPField.Name("x-vault-namespace") ?? .via
    fileprivate static let vaultRequest = HTTPField.Name("x-vault-request") ?? .via
}
