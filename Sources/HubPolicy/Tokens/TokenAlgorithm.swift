/// The signature algorithms of tokens (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2), by their registered names.
public enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// RSA with PKCS #1 v1.5 and SHA-256.
    case rs256 = "RS256"
    /// RSA with PKCS #1 v1.5 and SHA-384.
    case rs384 = "RS384"
    /// RSA with PKCS #1 v1.5 and SHA-512.
    case rs512 = "RS512"
    /// RSA with PSS and SHA-256.
    case ps256 = "PS256"
    /// RSA with PSS and SHA-384.
    case ps384 = "PS384"
    /// RSA with PSS and SHA-512.
    case ps512 = "PS512"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// ECDSA on P-521 with SHA-512.
    case es512 = "ES512"
    /// EdDSA; the hub knows Ed25519 alone.
    case edDSA = "EdDSA"
    /// EdDSA on Ed25519, by its newer name.
    case ed25519 = "Ed25519"
    /// HMAC with SHA-256 and a secret that issuer and hub share.
    case hs256 = "HS256"
    /// HMAC with SHA-384 and a secret that issuer and hub share.
    case hs384 = "HS384"
    /// HMAC with SHA-512 and a secret that issuer and hub share.
    case hs512 = "HS512"

    /// The least length of a shared secret in bytes (RFC 7518 §3.2); nil where the hub holds a public key.
    public var minimumSecretLength: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .es384, .es512, .edDSA, .ed25519: nil
        }
    }
}
