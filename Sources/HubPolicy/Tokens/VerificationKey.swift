import Crypto
import CryptoExtras
public import HubCore

/// One key that tokens are checked with. What it may be used for is part of it: a public key never checks an HMAC.
public struct VerificationKey: Sendable {
    /// The key itself.
    enum Material: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case secret(SymmetricKey)
    }

    /// Its name (`kid`), if it has one.
    public let id: String?
    /// What it may check.
    public let algorithms: Set<TokenAlgorithm>
    /// Tells it from any other key, and from the same one under another name or for other algorithms.
    let fingerprint: KeyDigest
    private let material: Material

    /// A key that was read.
    ///
    /// - Parameter bytes: what makes the key this one.
    init(id: String?, algorithms: Set<TokenAlgorithm>, material: Material, bytes: [UInt8]) {
        self.id = id
        self.algorithms = algorithms
        self.material = material
        var hash = SHA256()
        for part in [Array((id ?? "").utf8), Array(algorithms.map(\.rawValue).sorted().joined(separator: " ").utf8), bytes] {
            hash.update(data: Array("\(part.count):".utf8))
            hash.update(data: part)
        }
        fingerprint = KeyDigest(hash.finalize())
    }

    /// A secret that the issuer shares with the hub.
    ///
    /// - Parameters:
    ///   - secret: its UTF-8 bytes are the key, at least as many as the longest hash has (RFC 7518 §3.2).
    ///   - id: the `kid` that tokens must name; nil where any or none will do.
    ///   - algorithms: those of HMAC alone.
    public init(secret: Secret, id: String? = nil, algorithms: Set<TokenAlgorithm> = [.hs256]) throws(KeyProblem) {
        try self.init(secretBytes: Array(secret.revealed.utf8), id: id, algorithms: algorithms)
    }

    /// A secret of any bytes.
    init(secretBytes bytes: [UInt8], id: String?, algorithms: Set<TokenAlgorithm>) throws(KeyProblem) {
        for algorithm in algorithms {
            guard let minimum = algorithm.minimumSecretLength else { throw KeyProblem("a shared secret is not for \(algorithm.rawValue)") }
            guard bytes.count >= minimum else {
                throw KeyProblem("a shared secret for \(algorithm.rawValue) has at least \(minimum) bytes")
            }
        }
        self.init(id: id, algorithms: algorithms, material: .secret(SymmetricKey(data: bytes)), bytes: bytes)
    }

    /// Whether `signature` is this key's for `input`. False, too, for an algorithm that the key is not for.
    func isValid(_ signature: [UInt8], for input: [UInt8], by algorithm: TokenAlgorithm) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        switch (material, algorithm) {
        case (.rsa(let key), .rs256): return Self.isValid(signature, SHA256.hash(data: input), key, .insecurePKCS1v1_5)
        case (.rsa(let key), .rs384): return Self.isValid(signature, SHA384.hash(data: input), key, .insecurePKCS1v1_5)
        case (.rsa(let key), .rs512): return Self.isValid(signature, SHA512.hash(data: input), key, .insecurePKCS1v1_5)
        case (.rsa(let key), .ps256): return Self.isValid(signature, SHA256.hash(data: input), key, .PSS)
        case (.rsa(let key), .ps384): return Self.isValid(signature, SHA384.hash(data: input), key, .PSS)
        case (.rsa(let key), .ps512): return Self.isValid(signature, SHA512.hash(data: input), key, .PSS)
        case (.p256(let key), .es256):
            guard let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }  // of another length
            return key.isValidSignature(parsed, for: input)
        case (.p384(let key), .es384):
            guard let parsed = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }  // of another length
            return key.isValidSignature(parsed, for: input)
        case (.p521(let key), .es512):
            guard let parsed = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else { return false }  // of another length
            return key.isValidSignature(parsed, for: input)
        case (.ed25519(let key), .edDSA), (.ed25519(let key), .ed25519):
            return signature.count == 64 && key.isValidSignature(signature, for: input)
        case (.secret(let key), .hs256): return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: input, using: key)
        case (.secret(let key), .hs384): return HMAC<SHA384>.isValidAuthenticationCode(signature, authenticating: input, using: key)
        case (.secret(let key), .hs512): return HMAC<SHA512>.isValidAuthenticationCode(signature, authenticating: input, using: key)
        case (.rsa, _), (.p256, _), (.p384, _), (.p521, _), (.ed25519, _), (.secret, _): return false
        }
    }

    private static func isValid(
        _ signature: [UInt8], _ digest: some Digest, _ key: _RSA.Signing.PublicKey, _ padding: _RSA.Signing.Padding
    ) -> Bool {
        key.isValidSignature(_RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: padding)
    }
}

/// Why a key or a key set cannot be used, in words for an operator; nothing of a secret is in them.
public struct KeyProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// A problem.
    public init(_ description: String) {
        self.description = description
    }
}
