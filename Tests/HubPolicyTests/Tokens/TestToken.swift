import Crypto
import CryptoExtras
import HubCore
import NIOCore

@testable import HubPolicy

/// A token in the making. Members are JSON as it will stand there, in order, so that a name can stand twice.
struct TestToken: Sendable {
    /// 2026-11-30T00:00:00Z.
    static let now: Int64 = 1_795_996_800

    var header: [(name: String, json: String)] = [("alg", #""ES256""#), ("kid", #""e1""#)]
    var claims: [(name: String, json: String)] = [
        ("iss", #""https://issuer.test""#), ("aud", #""hub""#), ("sub", #""alice""#), ("iat", "1795996700"), ("exp", "1795997400"),
        ("azp", #""support-bot""#), ("scope", #""orders:read orders:write""#), ("realm_access", #"{"roles":["admins","staff"]}"#),
    ]
    var signer = TestSigner.e1
    /// What is done to the parts once they are signed.
    var finish: @Sendable ([String]) -> String = { $0.joined(separator: ".") }

    /// A token as it is, after some changes.
    init(_ edit: (inout TestToken) -> Void = { _ in }) { edit(&self) }

    /// Sets a member of the header, or takes it out.
    mutating func header(_ name: String, _ json: String?) { Self.set(&header, name, json) }
    /// Sets a claim, or takes it out.
    mutating func claim(_ name: String, _ json: String?) { Self.set(&claims, name, json) }

    /// The algorithm and the name of the key of a signer.
    mutating func sign(by signer: TestSigner, algorithm: String, id: String?) {
        self.signer = signer
        header("alg", "\"\(algorithm)\"")
        header("kid", id.map { "\"\($0)\"" })
    }

    private static func set(_ members: inout [(name: String, json: String)], _ name: String, _ json: String?) {
        guard let json else { return members.removeAll { $0.name == name } }
        if let index = members.firstIndex(where: { $0.name == name }) { members[index].json = json } else { members.append((name, json)) }
    }

    /// The compact form.
    func text() throws -> String {
        let parts = [header, claims].map { members in
            Base64.encodeURLSafe(Array("{\(members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ","))}".utf8))
        }
        return finish(parts + [Base64.encodeURLSafe(try signer.sign(Array(parts.joined(separator: ".").utf8)))])
    }
}

/// Who signs the tokens of tests. Keys are made once for a run.
enum TestSigner: Sendable {
    case r1, rs384, rs512, ps256, ps384, ps512, e1, e1Other, p384, p521, ed, hs256, hs384, hs512, none
    /// HMAC with bytes of any kind.
    case hmac([UInt8])

    static let rsa = try? _RSA.Signing.PrivateKey(keySize: .bits2048)  // without it, every test of RSA fails
    static let p256 = P256.Signing.PrivateKey()
    static let otherP256 = P256.Signing.PrivateKey()
    static let p384Key = P384.Signing.PrivateKey()
    static let p521Key = P521.Signing.PrivateKey()
    static let ed25519 = Curve25519.Signing.PrivateKey()
    static let secret = "a secret of 64 bytes or more, shared by the issuer and the hub.."

    func sign(_ input: [UInt8]) throws -> [UInt8] {
        switch self {
        case .r1: try Self.rsa(SHA256.hash(data: input), .insecurePKCS1v1_5)
        case .rs384: try Self.rsa(SHA384.hash(data: input), .insecurePKCS1v1_5)
        case .rs512: try Self.rsa(SHA512.hash(data: input), .insecurePKCS1v1_5)
        case .ps256: try Self.rsa(SHA256.hash(data: input), .PSS)
        case .ps384: try Self.rsa(SHA384.hash(data: input), .PSS)
        case .ps512: try Self.rsa(SHA512.hash(data: input), .PSS)
        case .e1: Array(try Self.p256.signature(for: input).rawRepresentation)
        case .e1Other: Array(try Self.otherP256.signature(for: input).rawRepresentation)
        case .p384: Array(try Self.p384Key.signature(for: input).rawRepresentation)
        case .p521: Array(try Self.p521Key.signature(for: input).rawRepresentation)
        case .ed: Array(try Self.ed25519.signature(for: input))
        case .hs256: Array(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: Array(Self.secret.utf8))))
        case .hs384: Array(HMAC<SHA384>.authenticationCode(for: input, using: SymmetricKey(data: Array(Self.secret.utf8))))
        case .hs512: Array(HMAC<SHA512>.authenticationCode(for: input, using: SymmetricKey(data: Array(Self.secret.utf8))))
        case .hmac(let key): Array(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: key)))
        case .none: []
        }
    }

    private static func rsa(_ digest: some Digest, _ padding: _RSA.Signing.Padding) throws -> [UInt8] {
        guard let rsa else { throw KeyProblem("no RSA key") }
        return Array(try rsa.signature(for: digest, padding: padding).rawRepresentation)
    }

    /// The JSON Web Keys of the signers, by name.
    static func jwk(_ id: String) throws -> String {
        switch id {
        case "r1":
            guard let primitives = try rsa?.publicKey.getKeyPrimitives() else { throw KeyProblem("no RSA key") }
            let (n, e) = (Base64.encodeURLSafe(Array(primitives.modulus)), Base64.encodeURLSafe(Array(primitives.publicExponent)))
            return #"{"kty":"RSA","kid":"r1","use":"sig","n":"\#(n)","e":"\#(e)"}"#
        case "e1": return point("P-256", id, Array(p256.publicKey.rawRepresentation))
        case "e384": return point("P-384", id, Array(p384Key.publicKey.rawRepresentation))
        case "e521": return point("P-521", id, Array(p521Key.publicKey.rawRepresentation))
        default:
            let x = Base64.encodeURLSafe(Array(ed25519.publicKey.rawRepresentation))
            return #"{"kty":"OKP","crv":"Ed25519","kid":"d1","x":"\#(x)"}"#
        }
    }

    private static func point(_ curve: String, _ id: String, _ raw: [UInt8]) -> String {
        let (x, y) = (Base64.encodeURLSafe(Array(raw.prefix(raw.count / 2))), Base64.encodeURLSafe(Array(raw.suffix(raw.count / 2))))
        return #"{"kty":"EC","crv":"\#(curve)","kid":"\#(id)","use":"sig","x":"\#(x)","y":"\#(y)"}"#
    }

    /// A set of all the public keys, and the shared secret as `h1`.
    static func allKeys() throws -> KeySet {
        let text = try ["r1", "e1", "e384", "e521", "d1"].map(jwk).joined(separator: ",")
        let secret = try VerificationKey(secret: Secret(secret), id: "h1", algorithms: [.hs256, .hs384, .hs512])
        return KeySet(try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#(text)]}"#)).keys + [secret])
    }
}

extension TokenIssuer {
    /// The issuer of the tests.
    static func test(
        _ keys: any KeySource, algorithms: Set<TokenAlgorithm> = Set(TokenAlgorithm.allCases), audiences: Set<String> = ["hub"]
    ) -> TokenIssuer {
        TokenIssuer(
            issuer: "https://issuer.test", algorithms: algorithms, audiences: audiences, consumerClaim: ClaimPath("azp"),
            groupsClaim: ClaimPath("realm_access.roles"), keys: keys)
    }
}
