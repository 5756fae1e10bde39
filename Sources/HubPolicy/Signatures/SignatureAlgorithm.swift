import Crypto

/// The hashes of HMAC (RFC 2104) that requests are signed with.
enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
    case sha1, sha256, sha384, sha512

    /// Whether `code` is the whole code of `text`; the time it takes says nothing about where it differs.
    func isValid(_ code: [UInt8], for text: [UInt8], by key: SymmetricKey) -> Bool {
        switch self {
        case .sha1: HMAC<Insecure.SHA1>.isValidAuthenticationCode(code, authenticating: text, using: key)
        case .sha256: HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: text, using: key)
        case .sha384: HMAC<SHA384>.isValidAuthenticationCode(code, authenticating: text, using: key)
        case .sha512: HMAC<SHA512>.isValidAuthenticationCode(code, authenticating: text, using: key)
        }
    }
}
