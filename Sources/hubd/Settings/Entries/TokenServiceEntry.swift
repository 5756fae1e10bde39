import HubCore
import HubUpstream

/// Where tokens are issued, as written; the secret is still a reference.
struct TokenServiceEntry: Sendable, Hashable {
    /// The token endpoint.
    var address: HTTPAddress
    /// The client identifier.
    var clientID: String
    /// The client secret.
    var clientSecret: SecretReference
    /// Where the two stand.
    var authentication: TokenService.ClientAuthentication
    /// What is asked for.
    var scopes: [String]
    /// Whom the token is for, by name.
    var audience: String?
    /// Whom the token is for, by URI.
    var resource: String?
    /// The file of the authorities that vouch for it.
    var authorities: Placed<String>?
}
